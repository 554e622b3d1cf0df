using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Onnx;

/// <summary>A loaded graph. Its inputs and outputs are verified once, at load; each run can be stopped.</summary>
/// <remarks>On the processor several threads may run it at once; on DirectML one at a time.</remarks>
internal sealed class OnnxModel : IDisposable
{
    private readonly string path;
    private readonly InferenceSession session;

    private OnnxModel(string path, InferenceSession session)
    {
        this.path = path;
        this.session = session;
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
            return new OnnxModel(path, new InferenceSession(path, session));
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

    /// <summary>Demands an output of this name, type and shape (-1 where any size will do) and gives its shape as the graph declares it.</summary>
    /// <exception cref="ModelException">It is missing or different.</exception>
    public int[] RequireOutput(string name, TensorElementType type, params ReadOnlySpan<int> shape) => Require("output", Outputs, name, type, shape);

    /// <summary>Runs the graph. The caller disposes values and results.</summary>
    /// <exception cref="OperationCanceledException">The token asked to stop; the run ended within some tens of milliseconds.</exception>
    public IDisposableReadOnlyCollection<OrtValue> Run(IReadOnlyCollection<string> inputs, IReadOnlyCollection<OrtValue> values, IReadOnlyCollection<string> outputs, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        // Disposing the registration waits for a callback under way, so the options outlive it.
        using var stop = cancellationToken.UnsafeRegister(static state => ((RunOptions)state!).Terminate = true, options);
        try
        {
            return session.Run(options, inputs, values, outputs);
        }
        catch (OnnxRuntimeException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <summary>Runs a graph that writes some outputs into memory that it also reads, and gives the one further output, which the caller disposes.</summary>
    /// <param name="inputs">Names of what is fed.</param>
    /// <param name="values">What is fed.</param>
    /// <param name="output">The further output.</param>
    /// <param name="places">Names of the outputs that have their place.</param>
    /// <param name="memory">Where they are written.</param>
    /// <param name="cancellationToken">Stops the run within some tens of milliseconds; what is in <paramref name="memory"/> is then worth nothing.</param>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public OrtValue RunInPlace(IReadOnlyList<string> inputs, IReadOnlyList<OrtValue> values, string output, IReadOnlyList<string> places, IReadOnlyList<OrtValue> memory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var binding = session.CreateIoBinding();
        for (var index = 0; index < inputs.Count; index++)
            binding.BindInput(inputs[index], values[index]);
        for (var index = 0; index < places.Count; index++)
            binding.BindOutput(places[index], memory[index]);
        binding.BindOutputToDevice(output, OrtMemoryInfo.DefaultInstance);
        using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var stop = cancellationToken.UnsafeRegister(static state => ((RunOptions)state!).Terminate = true, options);
        try
        {
            session.RunWithBinding(options, binding);
            var given = binding.GetOutputValues();
            for (var index = 0; index < places.Count; index++)
                given[index].Dispose();
            return given[places.Count];
        }
        catch (OnnxRuntimeException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <summary>Refuses ids that the vocabulary does not have: a graph would silently take negative ones from the end of its table.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative or not below <paramref name="vocabulary"/>.</exception>
    public static void ValidateIds(ReadOnlySpan<int> ids, int vocabulary)
    {
        if (!ids.IsEmpty && (TensorPrimitives.Min(ids) < 0 || TensorPrimitives.Max(ids) >= vocabulary))
            throw new ArgumentOutOfRangeException(nameof(ids), $"Token ids lie between {TensorPrimitives.Min(ids)} and {TensorPrimitives.Max(ids)}; the model has 0 to {vocabulary - 1}. Tokenizer and model do not belong together.");
    }

    public void Dispose() => session.Dispose();

    private int[] Require(string kind, IReadOnlyDictionary<string, NodeMetadata> declared, string name, TensorElementType type, ReadOnlySpan<int> shape)
    {
        if (!declared.TryGetValue(name, out var found))
            throw new ModelException($"{path}: expected the {kind} `{name}`, found {string.Join(", ", declared.Keys.Select(key => $"`{key}`"))}. This graph is not of the kind that the task needs; export the model for it.");
        var agrees = found.IsTensor && found.ElementDataType == type && found.Dimensions.Length == shape.Length;
        for (var axis = 0; agrees && axis < shape.Length; axis++)
            agrees = shape[axis] < 0 || found.Dimensions[axis] < 0 || found.Dimensions[axis] == shape[axis];
        return agrees
            ? found.Dimensions
            : throw new ModelException($"{path}: expected the {kind} `{name}` as {type} {Show(shape)}, found {(found.IsTensor ? $"{found.ElementDataType} {Show(found.Dimensions)}" : found.OnnxValueType.ToString())}. Export the model again with this shape.");
    }

    private static string Show(ReadOnlySpan<int> shape)
    {
        var sizes = new string[shape.Length];
        for (var axis = 0; axis < shape.Length; axis++)
            sizes[axis] = shape[axis] < 0 ? "any" : shape[axis].ToString(System.Globalization.CultureInfo.InvariantCulture);
        return $"[{string.Join(" × ", sizes)}]";
    }
}
