using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens;

/// <summary>The tokens of a text, and the room that finding them needs. Used again and again by one thread at a time, it allocates nothing once it has grown.</summary>
public sealed class TokenBuffer
{
    private int[] ids = new int[64];
    private TextRange[] offsets = new TextRange[64];
    private PathNode[] path = new PathNode[64];
    private int calls;

    /// <summary>How many tokens.</summary>
    public int Count { get; private set; }

    /// <summary>Their ids.</summary>
    public ReadOnlySpan<int> Ids => ids.AsSpan(0, Count);

    /// <summary>For each, the characters of the text that it stands for, in UTF-16 units.</summary>
    public ReadOnlySpan<TextRange> Offsets => offsets.AsSpan(0, Count);

    internal TextWork Work { get; } = new();

    internal MergeWork Merges { get; } = new();

    internal void Clear() => Count = 0;

    internal void Add(int id, TextRange origin)
    {
        if (Count == ids.Length)
        {
            Array.Resize(ref ids, 2 * Count);
            Array.Resize(ref offsets, 2 * Count);
        }

        (ids[Count], offsets[Count]) = (id, origin);
        Count++;
    }

    internal void Add(ReadOnlySpan<int> more, ReadOnlySpan<TextRange> origins)
    {
        while (Count + more.Length > ids.Length)
        {
            Array.Resize(ref ids, 2 * ids.Length);
            Array.Resize(ref offsets, ids.Length);
        }

        more.CopyTo(ids.AsSpan(Count));
        origins.CopyTo(offsets.AsSpan(Count));
        Count += more.Length;
    }

    /// <summary>Turns the ranges of a word's tokens into those of the text.</summary>
    internal void Place(AlignedText text, TextRange word, int first)
    {
        foreach (ref var range in offsets.AsSpan(first, Count - first))
            range = text.OriginOf(word.Start + range.Start, range.Length);
    }

    internal void Trim(int at, TextRange range) => offsets[at] = range;

    internal void Rename(int at, int id) => ids[at] = id;

    internal void Truncate(int count) => Count = count;

    internal bool OneInSixteen() => (++calls & 15) == 0;

    internal void Reverse(int first)
    {
        ids.AsSpan(first, Count - first).Reverse();
        offsets.AsSpan(first, Count - first).Reverse();
    }

    internal Span<PathNode> Path(int length)
    {
        if (path.Length < length)
            path = new PathNode[Math.Max(length, 2 * path.Length)];
        return path.AsSpan(0, length);
    }
}
