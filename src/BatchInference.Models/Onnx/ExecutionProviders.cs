using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Onnx;

/// <summary>Session options for the place where a model is to run, tried on a model of one node first.</summary>
internal static class ExecutionProviders
{
    // An ONNX model (IR 10, opset 21) of one node: y = Identity(x), x a float. It costs nothing and fails where the provider does.
    internal static ReadOnlySpan<byte> Probe =>
    [
        0x08, 0x0A,
        0x3A, 0x2B,
        0x0A, 0x10, 0x0A, 0x01, (byte)'x', 0x12, 0x01, (byte)'y', 0x22, 0x08, (byte)'I', (byte)'d', (byte)'e', (byte)'n', (byte)'t', (byte)'i', (byte)'t', (byte)'y',
        0x12, 0x01, (byte)'p',
        0x5A, 0x09, 0x0A, 0x01, (byte)'x', 0x12, 0x04, 0x0A, 0x02, 0x08, 0x01,
        0x62, 0x09, 0x0A, 0x01, (byte)'y', 0x12, 0x04, 0x0A, 0x02, 0x08, 0x01,
        0x42, 0x02, 0x10, 0x15,
    ];

    /// <summary>The name that the configuration uses.</summary>
    public static string NameOf(ExecutionProvider provider) => provider switch
    {
        ExecutionProvider.Cpu => "cpu",
        ExecutionProvider.Cuda => "cuda",
        ExecutionProvider.DirectMl => "directml",
        _ => throw new ArgumentOutOfRangeException(nameof(provider), provider, null),
    };

    /// <summary>Session options for a model; the caller disposes them.</summary>
    /// <exception cref="ModelException">The provider is not in this build, or does not work on this machine.</exception>
    public static SessionOptions Open(OnnxOptions options)
    {
        OnnxRuntimeLibrary.Ready();
        var session = Basic(options);
        if (options.Provider == ExecutionProvider.Cpu)
            return session;
        try
        {
            options.Append(session, options);
            using (new InferenceSession(Probe.ToArray(), session))
            {
            }

            // The first run is profiled: OnnxModel reads there whether the device does the work.
            RunProfile.Enable(session);
            return session;
        }
        catch (Exception error) when (error is OnnxRuntimeException or EntryPointNotFoundException or DllNotFoundException)
        {
            session.Dispose();
            throw Refusal(options, error);
        }
        catch (ModelException)
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>What CUDA is told, in ONNX Runtime's names of its provider options.</summary>
    public static Dictionary<string, string> CudaSettings(OnnxOptions options)
    {
        var settings = new Dictionary<string, string>
        {
            ["device_id"] = options.DeviceId.ToString(CultureInfo.InvariantCulture),
            // TensorFloat-32 rounds to 10 bits, and not equally in every shape: a row would say in company what it does not say alone.
            ["use_tf32"] = "0",
        };
        if (options.DeviceMemoryLimit is { } limit)
        {
            settings["gpu_mem_limit"] = limit.ToString(CultureInfo.InvariantCulture);
            // The other strategy takes twice what is asked for, and so meets the limit at half of it.
            settings["arena_extend_strategy"] = "kSameAsRequested";
        }

        return settings;
    }

    /// <summary>Puts the device's provider of the native library into a session.</summary>
    /// <exception cref="ModelException">The provider cannot keep to the options.</exception>
    public static void Append(SessionOptions session, OnnxOptions options)
    {
        if (options.Provider == ExecutionProvider.DirectMl)
        {
            if (options.DeviceMemoryLimit is { } limit)
                throw new ModelException($"Execution provider `directml`: expected no limit of its memory, which DirectML cannot keep, found {limit / (1024 * 1024)} MB. Remove `Models:DeviceMemoryMegabytes`, or use cuda.");
            session.AppendExecutionProvider_DML(options.DeviceId);
            return;
        }

        using var cuda = new OrtCUDAProviderOptions();
        cuda.UpdateOptions(CudaSettings(options));
        session.AppendExecutionProvider_CUDA(cuda);
    }

    private static SessionOptions Basic(OnnxOptions options)
    {
        var session = new SessionOptions
        {
            // What fails comes as an exception; the library's own lines on standard error would only repeat it.
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            // DirectML demands both; on the CPU a memory pattern for each new shape costs a third more memory and no time is won.
            EnableMemoryPattern = false,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            InterOpNumThreads = 1,
            IntraOpNumThreads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount,
        };
        // The cores are shared with extraction and writing: a thread that waits for the next node must not burn what they need.
        session.AddSessionConfigEntry("session.intra_op.allow_spinning", options.Spin ? "1" : "0");
        return session;
    }

    private static ModelException Refusal(OnnxOptions options, Exception error)
    {
        var name = NameOf(options.Provider);
        var compiled = string.Join(", ", OnnxRuntimeLibrary.Providers);
        var reason = error is OnnxRuntimeException ? error.Message : "the library has no such provider";
        return new ModelException(
            $"Execution provider `{name}`, device {options.DeviceId}: expected it to open a model, found: {reason.TrimEnd('.')}. This build has {compiled}. " +
            $"Install the build for {name} and the driver of the device, or set the provider to `cpu`.",
            error);
    }
}
