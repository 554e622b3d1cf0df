using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Generation;

/// <summary>
/// The keys and values that a decoder keeps of what it has read, in the library's own memory: what one step gives is what the next is fed, and only leaving or reordering
/// rows moves anything.
/// </summary>
internal sealed class KeyValueCache : IDisposable
{
    private readonly OrtValue[] values;

    private KeyValueCache(IReadOnlyList<string> inputs, IReadOnlyList<string> outputs, OrtValue[] values)
    {
        Inputs = inputs;
        Outputs = outputs;
        this.values = values;
    }

    /// <summary>The graph's inputs for it.</summary>
    public IReadOnlyList<string> Inputs { get; }

    /// <summary>The graph's outputs that replace it, in the same order.</summary>
    public IReadOnlyList<string> Outputs { get; }

    /// <summary>What is fed, in the order of <see cref="Inputs"/>.</summary>
    public IReadOnlyList<OrtValue> Values => values;

    /// <summary>A cache for rows of which nothing is read yet.</summary>
    /// <param name="slots">Names and shapes.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="length">For how many positions there is to be room at once; 0 where each step gives a longer cache.</param>
    public static KeyValueCache Of(IReadOnlyList<CacheSlot> slots, int rows, int length)
    {
        var values = new OrtValue[slots.Count];
        for (var slot = 0; slot < slots.Count; slot++)
            values[slot] = Tensors.Empty(slots[slot].Type, rows, slots[slot].Heads, length, slots[slot].Width);
        return new KeyValueCache([.. slots.Select(slot => slot.Input)], [.. slots.Select(slot => slot.Output)], values);
    }

    /// <summary>Takes what a step gave, in the order of <see cref="Outputs"/>, in place of what there is.</summary>
    public void Replace(IReadOnlyList<OrtValue> given, int first)
    {
        for (var slot = 0; slot < values.Length; slot++)
        {
            values[slot].Dispose();
            values[slot] = given[first + slot];
        }
    }

    /// <summary>Goes on with these rows in this order.</summary>
    public void Keep(ReadOnlySpan<int> rows)
    {
        for (var slot = 0; slot < values.Length; slot++)
        {
            var kept = Tensors.Rows(values[slot], rows);
            values[slot].Dispose();
            values[slot] = kept;
        }
    }

    /// <summary>Copies the only row of another cache of the same room into one row of this.</summary>
    public void Take(KeyValueCache other, int row)
    {
        for (var slot = 0; slot < values.Length; slot++)
        {
            var from = other.values[slot].GetTensorMutableRawData();
            from.CopyTo(values[slot].GetTensorMutableRawData().Slice(row * from.Length, from.Length));
        }
    }

    public void Dispose()
    {
        foreach (var value in values)
            value.Dispose();
    }
}

/// <summary>One tensor of a cache: rows × heads × positions × width.</summary>
internal sealed record CacheSlot(string Input, string Output, TensorElementType Type, int Heads, int Width);
