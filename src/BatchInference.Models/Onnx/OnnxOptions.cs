using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Onnx;

/// <summary>How a model is run: where, with how much.</summary>
public sealed record OnnxOptions
{
    /// <summary>Where the model runs. What does not work is an error, never a silent fall-back to another.</summary>
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Cpu;

    /// <summary>Index of the device, for <see cref="ExecutionProvider.Cuda"/> and <see cref="ExecutionProvider.DirectMl"/>.</summary>
    public int DeviceId { get; init; }

    /// <summary>Most device memory that CUDA may take, in bytes; null for what there is. DirectML has no such limit, so one is refused there.</summary>
    public long? DeviceMemoryLimit { get; init; }

    /// <summary>Threads of one run on the CPU; 0 for one a core.</summary>
    public int Threads { get; init; }

    /// <summary>Whether threads that wait for work spin: for measuring what that would cost.</summary>
    internal bool Spin { get; init; }

    /// <summary>Whether rows are run together even where they change each other's answers: to compare a graph with a reference that ran them so.</summary>
    internal bool Together { get; init; }

    /// <summary>Most padded tokens of a batch; null for what the pass finds best on the provider.</summary>
    public int? PaddedTokens { get; init; }

    /// <summary>Tries the provider on a model of one node.</summary>
    /// <exception cref="ModelException">It is not in this build, or does not work on this machine.</exception>
    public void Verify() => ExecutionProviders.Open(this).Dispose();

    /// <summary>How the rows of a batch go through a graph.</summary>
    internal FittingBatch FittingOf(params ReadOnlySpan<string> graphs)
    {
        var alone = false;
        foreach (var graph in graphs)
            alone |= !Together && OnnxGraphFile.Read(graph).MindsCompany;
        return new FittingBatch(alone);
    }

    /// <summary>Puts the device's provider into a session. A seam: tests put in one that fails as libraries with a device do, or that leaves everything to the processor.</summary>
    internal Action<SessionOptions, OnnxOptions> Append { get; init; } = ExecutionProviders.Append;
}

/// <summary>Where a model runs.</summary>
public enum ExecutionProvider
{
    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>An NVIDIA device.</summary>
    Cuda,

    /// <summary>Any DirectX 12 device (Windows).</summary>
    DirectMl,
}
