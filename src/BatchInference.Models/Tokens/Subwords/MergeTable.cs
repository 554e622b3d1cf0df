using System.Numerics;

namespace BatchInference.Models.Tokens.Subwords;

/// <summary>Which neighbouring tokens become one, and in what order: an open-addressed table (left, right) → (rank, token).</summary>
internal sealed class MergeTable
{
    private readonly ulong[] keys;
    private readonly Merge[] merges;

    /// <param name="count">How many merges there will be.</param>
    public MergeTable(int count)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, 2 * count));
        (keys, merges) = (new ulong[size], new Merge[size]);
    }

    /// <summary>Adds a merge; of two for the same pair the later counts.</summary>
    public void Add(int left, int right, Merge merge)
    {
        var slot = Slot(Key(left, right));
        (keys[slot], merges[slot]) = (Key(left, right), merge);
    }

    /// <summary>The merge of two tokens; <see cref="Merge.None"/> where there is none.</summary>
    public Merge Find(int left, int right)
    {
        var key = Key(left, right);
        var slot = Slot(key);
        return keys[slot] == key ? merges[slot] : Merge.None;
    }

    // Never zero, which means an empty slot.
    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32 | (uint)right) + 1;

    private int Slot(ulong key)
    {
        var mask = keys.Length - 1;
        var slot = (int)((key * 0x9E3779B97F4A7C15) >> 32) & mask;
        while (keys[slot] != 0 && keys[slot] != key)
            slot = (slot + 1) & mask;
        return slot;
    }
}

/// <summary>One merge.</summary>
/// <param name="Rank">The lower, the sooner.</param>
/// <param name="Id">The token that results.</param>
internal readonly record struct Merge(int Rank, int Id)
{
    public static Merge None { get; } = new(int.MaxValue, -1);
}
