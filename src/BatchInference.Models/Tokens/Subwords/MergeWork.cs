namespace BatchInference.Models.Tokens.Subwords;

/// <summary>
/// The symbols of one word while their merges are done, best rank first, of equal ranks the leftmost. A short word is searched through for each merge;
/// a long one has its merges in a heap, so that the whole takes n log n steps.
/// </summary>
internal sealed class MergeWork
{
    private const int ShortWord = 40;

    private Symbol[] symbols = new Symbol[64];
    private ulong[] heap = new ulong[64];
    private int heapCount;

    /// <summary>How many symbols there are.</summary>
    public int Count { get; private set; }

    public ReadOnlySpan<Symbol> Symbols => symbols.AsSpan(0, Count);

    public void Clear() => Count = 0;

    /// <summary>Adds a symbol behind the others.</summary>
    /// <param name="id">Its token.</param>
    /// <param name="length">The units of the word that it covers.</param>
    public void Add(int id, int length)
    {
        if (Count == symbols.Length)
            Array.Resize(ref symbols, 2 * Count);
        symbols[Count++] = new Symbol { Id = id, Length = length };
    }

    /// <summary>Does all merges.</summary>
    /// <param name="table">The merges.</param>
    /// <param name="refused">By id, what no merge may give; null for nothing.</param>
    public void Run(MergeTable table, bool[]? refused)
    {
        for (var at = 0; at + 1 < Count; at++)
            symbols[at].Merge = Find(table, symbols[at].Id, symbols[at + 1].Id, refused);
        if (Count > 0)
            symbols[Count - 1].Merge = Merge.None;
        if (Count <= ShortWord)
            Search(table, refused);
        else
            Queue(table, refused);
    }

    private static Merge Find(MergeTable table, int left, int right, bool[]? refused) =>
        table.Find(left, right) is { Id: >= 0 } merge && (refused is null || !refused[merge.Id]) ? merge : Merge.None;

    private void Search(MergeTable table, bool[]? refused)
    {
        while (true)
        {
            var (best, rank) = (-1, int.MaxValue);
            for (var at = 0; at < Count; at++)
                if (symbols[at].Merge.Rank < rank)
                    (best, rank) = (at, symbols[at].Merge.Rank);
            if (best < 0)
                return;
            symbols[best].Id = symbols[best].Merge.Id;
            symbols[best].Length += symbols[best + 1].Length;
            Count--;
            Array.Copy(symbols, best + 2, symbols, best + 1, Count - best - 1);
            symbols[best].Merge = best + 1 < Count ? Find(table, symbols[best].Id, symbols[best + 1].Id, refused) : Merge.None;
            if (best > 0)
                symbols[best - 1].Merge = Find(table, symbols[best - 1].Id, symbols[best].Id, refused);
        }
    }

    private void Queue(MergeTable table, bool[]? refused)
    {
        heapCount = 0;
        for (var at = 0; at < Count; at++)
        {
            (symbols[at].Before, symbols[at].Behind) = (at - 1, at + 1 < Count ? at + 1 : -1);
            Push(at);
        }

        while (heapCount > 0)
        {
            var entry = Pop();
            ref var left = ref symbols[(int)(uint)entry];
            // An entry is out of date when a neighbour changed since; the pair's present merge, if any, is queued by itself.
            if (left.Length < 0 || left.Merge.Rank != (int)(entry >> 32))
                continue;
            ref var right = ref symbols[left.Behind];
            left.Id = left.Merge.Id;
            left.Length += right.Length;
            left.Behind = right.Behind;
            right.Length = -1;
            left.Merge = Merge.None;
            if (left.Behind >= 0)
            {
                symbols[left.Behind].Before = (int)(uint)entry;
                left.Merge = Find(table, left.Id, symbols[left.Behind].Id, refused);
                Push((int)(uint)entry);
            }

            if (left.Before >= 0)
            {
                symbols[left.Before].Merge = Find(table, symbols[left.Before].Id, left.Id, refused);
                Push(left.Before);
            }
        }

        var kept = 0;
        for (var at = 0; at < Count; at++)
            if (symbols[at].Length >= 0)
                symbols[kept++] = symbols[at];
        Count = kept;
    }

    // Rank in the upper half, place in the lower: the smallest entry is the next merge.
    private void Push(int at)
    {
        if (symbols[at].Merge.Id < 0)
            return;
        if (heapCount == heap.Length)
            Array.Resize(ref heap, 2 * heapCount);
        var entry = (ulong)(uint)symbols[at].Merge.Rank << 32 | (uint)at;
        var place = heapCount++;
        for (; place > 0 && heap[(place - 1) >> 1] > entry; place = (place - 1) >> 1)
            heap[place] = heap[(place - 1) >> 1];
        heap[place] = entry;
    }

    private ulong Pop()
    {
        var top = heap[0];
        var last = heap[--heapCount];
        var place = 0;
        while (true)
        {
            var child = 2 * place + 1;
            if (child >= heapCount)
                break;
            if (child + 1 < heapCount && heap[child + 1] < heap[child])
                child++;
            if (heap[child] >= last)
                break;
            heap[place] = heap[child];
            place = child;
        }

        heap[place] = last;
        return top;
    }
}

/// <summary>A token of a word while merges are done, and the merge with its right neighbour.</summary>
internal struct Symbol
{
    public int Id;
    public int Length;
    public Merge Merge;
    public int Before;
    public int Behind;
}
