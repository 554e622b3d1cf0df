using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Generation;

/// <summary>
/// The keys and values that a decoder keeps of what it has read, in the library's own memory: what one step gives is what the next is fed, and only leaving or reordering
/// rows moves anything.
/// </summary>
internal sealed class KeyValueCache : IDisposable
{
    private readonly IReadOnlyList<CacheSlot> slots;
    private readonly OrtValue[] values;

    /// <summary>A cache for rows of which nothing is read yet.</summary>
    /// <param name="slots">Names and shapes.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="room">For how many positions there is to be room at once; 0 where each step gives a longer cache.</param>
    public KeyValueCache(IReadOnlyList<CacheSlot> slots, int rows, int room)
    {
        this.slots = slots;
        values = [.. slots.Select(slot => Tensors.Empty(slot.Type, rows, slot.Heads, room, slot.Width))];
        Inputs = [.. slots.Select(slot => slot.Input)];
        Outputs = [.. slots.Select(slot => slot.Output)];
    }

    /// <summary>The graph's inputs for it.</summary>
    public IReadOnlyList<string> Inputs { get; }

    /// <summary>The graph's outputs that replace it, in the same order.</summary>
    public IReadOnlyList<string> Outputs { get; }

    /// <summary>What is fed, in the order of <see cref="Inputs"/>.</summary>
    public ReadOnlySpan<OrtValue> Values => values;

    /// <summary>Takes what a step gave, in the order of <see cref="Outputs"/>, in place of what there is.</summary>
    /// <param name="given">What the step gave.</param>
    /// <param name="first">Where the cache begins in it.</param>
    public void Replace(IReadOnlyList<OrtValue> given, int first)
    {
        for (var slot = 0; slot < values.Length; slot++)
            Replace(slot, given[first + slot]);
    }

    /// <summary>Goes on with these rows in this order.</summary>
    public void Keep(ReadOnlySpan<int> rows)
    {
        for (var slot = 0; slot < values.Length; slot++)
            Replace(slot, Tensors.Rows(values[slot], rows));
    }

    /// <summary>Makes room for more positions.</summary>
    /// <param name="rows">How many rows there are.</param>
    /// <param name="room">For how many there is to be room then.</param>
    public void Widen(int rows, int room)
    {
        for (var slot = 0; slot < values.Length; slot++)
        {
            var about = slots[slot];
            var wider = Tensors.Empty(about.Type, rows, about.Heads, room, about.Width);
            Tensors.CopyBlocks(values[slot], wider, rows * about.Heads);
            Replace(slot, wider);
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

    private void Replace(int slot, OrtValue value)
    {
        values[slot].Dispose();
        values[slot] = value;
    }
}
