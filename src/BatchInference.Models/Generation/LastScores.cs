using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Generation;

/// <summary>The scores of the last position of each row, in single precision: all that a step is asked for, so the tensor that held those of every position can go.</summary>
/// <param name="vocabulary">How many scores a position has.</param>
internal sealed class LastScores(int vocabulary)
{
    private float[] numbers = [];
    private int[]? order;

    /// <summary>The scores of a row.</summary>
    public ReadOnlySpan<float> this[int row] => numbers.AsSpan((order is null ? row : order[row]) * vocabulary, vocabulary);

    /// <summary>Takes what a step gave: float or float16, rows × positions × vocabulary.</summary>
    /// <exception cref="InvalidDataException">It has another shape, or scores that are no numbers.</exception>
    public void Take(OrtValue given)
    {
        var about = given.GetTensorTypeAndShape();
        if (about.Shape is not [var rows, > 0 and var positions, var width] || width != vocabulary)
            throw new InvalidDataException($"The model gave scores of {string.Join(" × ", about.Shape)}, not rows × positions × {vocabulary}.");
        Resize((int)rows);
        for (var row = 0; row < rows; row++)
        {
            var from = (int)((row + 1) * positions - 1) * vocabulary;
            var to = numbers.AsSpan(row * vocabulary, vocabulary);
            if (about.ElementDataType == TensorElementType.Float)
                given.GetTensorDataAsSpan<float>().Slice(from, vocabulary).CopyTo(to);
            else
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(given.GetTensorMutableRawData()).Slice(from, vocabulary), to);
            Judge(to);
        }
    }

    /// <summary>Takes the only row of others as one of so many rows.</summary>
    /// <exception cref="InvalidDataException">It has scores that are no numbers.</exception>
    public void Take(LastScores other, int row, int rows)
    {
        Resize(rows);
        var to = numbers.AsSpan(row * vocabulary, vocabulary);
        other[0].CopyTo(to);
        Judge(to);
    }

    /// <summary>Goes on with these rows in this order; nothing is moved.</summary>
    public void Keep(ReadOnlySpan<int> rows)
    {
        var kept = new int[rows.Length];
        for (var row = 0; row < rows.Length; row++)
            kept[row] = order is null ? rows[row] : order[rows[row]];
        order = kept;
    }

    // Half precision overflows in some models; the tokens that follow would all be the first of the vocabulary, and no JSON holds such a score. A graph may forbid tokens, but never all.
    private static void Judge(ReadOnlySpan<float> scores)
    {
        // The greatest is NaN where any is.
        if (!float.IsFinite(TensorPrimitives.Max(scores)))
            throw new InvalidDataException("The model gave scores that are not finite numbers.");
    }

    private void Resize(int rows)
    {
        order = null;
        if (numbers.Length < rows * vocabulary)
            Array.Resize(ref numbers, rows * vocabulary);
    }
}
