using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Onnx;

/// <summary>A loaded graph. Its inputs and outputs are verified once, at load; each run can be stopped.</summary>
/// <remarks>On the processor and on CUDA several threads may run it at once; on DirectML one waits for the other.</remarks>
internal sealed class OnnxModel : IDisposable
{
    private readonly string path;
    private readonly InferenceSession session;
    private readonly ExecutionProvider provider;
    private readonly SemaphoreSlim? oneAtATime;
    private bool proven;

    private OnnxModel(string path, InferenceSession session, ExecutionProvider provider)
    {
        this.path = path;
        this.session = session;
        this.provider = provider;
        proven = provider == ExecutionProvider.Cpu;
        oneAtATime = provider == ExecutionProvider.DirectMl ? new SemaphoreSlim(1) : null;
    }

    /// <summary>Names of the inputs that the graph declares; it must be fed these and no others.</summary>
    public IReadOnlyDictionary<string, NodeMetadata> Inputs => session.InputMetadata;

    /// <summary>Names of the outputs that the graph gives.</summary>
    public IReadOnlyDictionary<string, NodeMetadata> Outputs => session.OutputMetadata;

    /// <summary>Loads a graph.</summary>
    /// <exception cref="ModelException">The file is no model that this library can run, or the provider does not work.</exception>
    public static OnnxModel Load(string path, OnnxOptions options)
    {
        using var session = ExecutionProviders.Open(options);
        try
        {
            return new OnnxModel(path, new InferenceSession(path, session), options.Provider);
        }
        catch (OnnxRuntimeException error)
        {
            throw new ModelException($"{path}: expected an ONNX model for {ExecutionProviders.NameOf(options.Provider)}, found: {error.Message} Export the model again, or choose another variant.", error);
        }
    }

    /// <summary>Demands an input of this name, type and shape (-1 where any size will do).</summary>
    /// <exception cref="ModelException">It is missing or different.</exception>
    public void RequireInput(string name, TensorElementType type, params ReadOnlySpan<int> shape) => Require("input", Inputs, name, type, shape);

    /// <summary>Demands that the graph has no input besides these: one that is not fed fails each run.</summary>
    /// <exception cref="ModelException">It has.</exception>
    public void RequireOnlyInputs(params ReadOnlySpan<string> names)
    {
        foreach (var name in Inputs.Keys)
            if (!names.Contains(name))
                throw new ModelException($"{path}: expected the inputs {string.Join(", ", names.ToArray().Select(known => $"`{known}`"))}, found also `{name}`. This graph is not of the kind that the task needs; export the model for it.");
    }

    /// <summary>Demands that inputs hold whole numbers (or truth values), which is what this program feeds them.</summary>
    /// <param name="needed">Names of inputs that must be there.</param>
    /// <param name="possible">Names of inputs that need not.</param>
    /// <exception cref="ModelException">One is missing or different.</exception>
    public void RequireIntegers(ReadOnlySpan<string> needed, ReadOnlySpan<string> possible)
    {
        foreach (var name in (ReadOnlySpan<string>)[.. needed, .. possible])
        {
            if (!Inputs.TryGetValue(name, out var found))
            {
                if (needed.Contains(name))
                    throw Missing("input", Inputs, name);
            }
            else if (!found.IsTensor || !Tensors.HoldsIntegers(found.ElementDataType))
            {
                throw new ModelException($"{path}: expected the input `{name}` as whole numbers (int64 or int32), found {(found.IsTensor ? $"{found.ElementDataType} {Show(found.Dimensions)}" : found.OnnxValueType)}. Export the model again with int64 inputs.");
            }
        }
    }

    /// <summary>Demands a float or float16 output of this name and shape (-1 where any size will do).</summary>
    /// <exception cref="ModelException">It is missing or different.</exception>
    public void RequireOutput(string name, params ReadOnlySpan<int> shape) =>
        Require("output", Outputs, name, Outputs.TryGetValue(name, out var found) && found.IsTensor && found.ElementDataType == TensorElementType.Float16 ? TensorElementType.Float16 : TensorElementType.Float, shape);

    /// <summary>Demands an output of this name, type and shape (-1 where any size will do) and gives its shape as the graph declares it.</summary>
    /// <exception cref="ModelException">It is missing or different.</exception>
    public int[] RequireOutput(string name, TensorElementType type, params ReadOnlySpan<int> shape) => Require("output", Outputs, name, type, shape);

    /// <summary>Runs the graph. The caller disposes values and results.</summary>
    /// <exception cref="OperationCanceledException">The token asked to stop; the run ended within some tens of milliseconds.</exception>
    /// <exception cref="DeviceMemoryException">The batch did not fit into memory.</exception>
    /// <exception cref="ModelException">It was the first run on a device, and matrix products ran on the processor instead.</exception>
    public IDisposableReadOnlyCollection<OrtValue> Run(IReadOnlyCollection<string> inputs, IReadOnlyCollection<OrtValue> values, IReadOnlyCollection<string> outputs, CancellationToken cancellationToken)
    {
        IDisposableReadOnlyCollection<OrtValue>? given = null;
        Run(options => given = session.Run(options, inputs, values, outputs), cancellationToken);
        return given!;
    }

    /// <summary>Runs the graph on what is bound, into what is bound.</summary>
    /// <inheritdoc cref="Run(IReadOnlyCollection{string}, IReadOnlyCollection{OrtValue}, IReadOnlyCollection{string}, CancellationToken)"/>
    public void Run(OrtIoBinding binding, CancellationToken cancellationToken) => Run(options => session.RunWithBinding(options, binding), cancellationToken);

    /// <summary>What inputs and outputs are bound to, for graphs that write into memory that they also read.</summary>
    public OrtIoBinding Bind() => session.CreateIoBinding();

    /// <summary>Refuses ids that the vocabulary does not have: a graph would silently take negative ones from the end of its table.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative or not below <paramref name="vocabulary"/>.</exception>
    public static void ValidateIds(ReadOnlySpan<int> ids, int vocabulary)
    {
        if (!ids.IsEmpty && (TensorPrimitives.Min(ids) < 0 || TensorPrimitives.Max(ids) >= vocabulary))
            throw new ArgumentOutOfRangeException(nameof(ids), $"Token ids lie between {TensorPrimitives.Min(ids)} and {TensorPrimitives.Max(ids)}; the model has 0 to {vocabulary - 1}. Tokenizer and model do not belong together.");
    }

    public void Dispose()
    {
        if (!proven)
            RunProfile.End(session);
        session.Dispose();
        oneAtATime?.Dispose();
    }

    private void Run(Action<RunOptions> run, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        oneAtATime?.Wait(cancellationToken);
        try
        {
            using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            // Disposing the registration waits for a callback under way, so the options outlive it.
            using var stop = cancellationToken.UnsafeRegister(static state => ((RunOptions)state!).Terminate = true, options);
            run(options);
        }
        catch (OnnxRuntimeException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OnnxRuntimeException error) when (DeviceMemoryException.IsTold(error.Message))
        {
            throw new DeviceMemoryException(path, error);
        }
        finally
        {
            oneAtATime?.Release();
        }

        if (!proven)
            Prove();
    }

    // After the first run on a device. Models run a probe batch as they are loaded, so this is told at the door.
    private void Prove()
    {
        proven = true;
        var found = RunProfile.End(session);
        if (found.Count > 0)
            throw new ModelException(
                $"{path}: expected every matrix product on {ExecutionProviders.NameOf(provider)}, found {found.Count} on the processor, first {string.Join(", ", found.Take(3))}. " +
                "The device lacks these operators or types. Choose another variant of the model (float16 where the device computes in it), or set the provider to `cpu`.");
    }

    private int[] Require(string kind, IReadOnlyDictionary<string, NodeMetadata> declared, string name, TensorElementType type, ReadOnlySpan<int> shape)
    {
        if (!declared.TryGetValue(name, out var found))
            throw Missing(kind, declared, name);
        var agrees = found.IsTensor && found.ElementDataType == type && found.Dimensions.Length == shape.Length;
        for (var axis = 0; agrees && axis < shape.Length; axis++)
            agrees = shape[axis] < 0 || found.Dimensions[axis] < 0 || found.Dimensions[axis] == shape[axis];
        return agrees
            ? found.Dimensions
            : throw new ModelException($"{path}: expected the {kind} `{name}` as {type} {Show(shape)}, found {(found.IsTensor ? $"{found.ElementDataType} {Show(found.Dimensions)}" : found.OnnxValueType.ToString())}. Export the model again with this shape.");
    }

    private ModelException Missing(string kind, IReadOnlyDictionary<string, NodeMetadata> declared, string name) =>
        new($"{path}: expected the {kind} `{name}`, found {string.Join(", ", declared.Keys.Select(key => $"`{key}`"))}. This graph is not of the kind that the task needs; export the model for it.");

    private static string Show(ReadOnlySpan<int> shape)
    {
        var sizes = new string[shape.Length];
        for (var axis = 0; axis < shape.Length; axis++)
            sizes[axis] = shape[axis] < 0 ? "any" : shape[axis].ToString(System.Globalization.CultureInfo.InvariantCulture);
        return $"[{string.Join(" × ", sizes)}]";
    }
}
