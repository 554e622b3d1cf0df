namespace BatchInference.Models.Tokens.Subwords;

/// <summary>Many short texts by id, in one array.</summary>
internal sealed class PieceList
{
    private char[] chars = new char[4096];
    private int[] ends = new int[1024];

    public int Count { get; private set; }

    /// <summary>Letters of all texts together.</summary>
    public int Letters => Count == 0 ? 0 : ends[Count - 1];

    public ReadOnlySpan<char> this[int id] => chars.AsSpan(StartOf(id), ends[id] - StartOf(id));

    /// <summary>Room for a text of at most <paramref name="length"/> letters; <see cref="Added"/> then says how long it became.</summary>
    public Span<char> Room(int length)
    {
        if (Letters + length > chars.Length)
            Array.Resize(ref chars, Math.Max(2 * chars.Length, Letters + length));
        return chars.AsSpan(Letters, length);
    }

    public void Add(ReadOnlySpan<char> text)
    {
        text.CopyTo(Room(text.Length));
        Added(text.Length);
    }

    public void Added(int length)
    {
        if (Count == ends.Length)
            Array.Resize(ref ends, 2 * Count);
        ends[Count] = Letters + length;
        Count++;
    }

    private int StartOf(int id) => id == 0 ? 0 : ends[id - 1];
}
