using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Generation;

/// <summary>An input of whole numbers (rows × width) that each step writes anew; its memory stays as long as its shape does.</summary>
/// <param name="graph">The graph.</param>
/// <param name="name">The input's name; the graph need not have it.</param>
internal sealed class IntegerInput(OnnxModel graph, string name) : IDisposable
{
    private readonly Microsoft.ML.OnnxRuntime.Tensors.TensorElementType? type = graph.Inputs.TryGetValue(name, out var declared) ? declared.ElementDataType : null;
    private (int Rows, int Width) shape;
    private OrtValue? tensor;

    /// <summary>The input's name.</summary>
    public string Name { get; } = name;

    /// <summary>True when the graph has the input.</summary>
    public bool Exists => type is not null;

    /// <summary>Writes the numbers, row after row.</summary>
    public OrtValue Write(ReadOnlySpan<long> numbers, int rows, int width)
    {
        if (tensor is null || shape != (rows, width))
        {
            tensor?.Dispose();
            tensor = Tensors.Empty(type!.Value, rows, width);
            shape = (rows, width);
        }

        Tensors.Write(tensor, type!.Value, numbers);
        return tensor;
    }

    public void Dispose() => tensor?.Dispose();
}
