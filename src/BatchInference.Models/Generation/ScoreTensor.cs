using System.Numerics.Tensors;
using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Generation;

/// <summary>The scores of one step, rows × positions × vocabulary, read where the library put them; half-precision ones are widened.</summary>
internal sealed class ScoreTensor : IDisposable
{
    private readonly OrtValue tensor;
    private readonly int positions;
    private readonly int vocabulary;
    private readonly float[]? wide;
    private int[]? order;

    public ScoreTensor(OrtValue tensor)
    {
        this.tensor = tensor;
        var about = tensor.GetTensorTypeAndShape();
        (positions, vocabulary) = ((int)about.Shape[1], (int)about.Shape[2]);
        if (about.ElementDataType == TensorElementType.Float)
            return;
        if (about.ElementDataType != TensorElementType.Float16)
            throw new ModelException($"Expected scores as float or float16, found {about.ElementDataType}. Choose another variant of the model.");

        // Of each row only the last position is asked for.
        var rows = (int)about.Shape[0];
        var narrow = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, Half>(tensor.GetTensorMutableRawData());
        wide = new float[rows * vocabulary];
        for (var row = 0; row < rows; row++)
            TensorPrimitives.ConvertToSingle(narrow.Slice(((row + 1) * positions - 1) * vocabulary, vocabulary), wide.AsSpan(row * vocabulary, vocabulary));
    }

    /// <summary>The scores of a row's last position.</summary>
    public ReadOnlySpan<float> Last(int row)
    {
        var from = order is null ? row : order[row];
        return wide is { } scores
            ? scores.AsSpan(from * vocabulary, vocabulary)
            : tensor.GetTensorDataAsSpan<float>().Slice(((from + 1) * positions - 1) * vocabulary, vocabulary);
    }

    /// <summary>Goes on with these rows in this order; nothing is moved.</summary>
    public void Keep(ReadOnlySpan<int> rows)
    {
        var kept = new int[rows.Length];
        for (var row = 0; row < rows.Length; row++)
            kept[row] = order is null ? rows[row] : order[rows[row]];
        order = kept;
    }

    public void Dispose() => tensor.Dispose();
}
