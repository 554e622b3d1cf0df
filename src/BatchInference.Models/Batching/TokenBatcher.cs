using BatchInference.Models.Tokens;

namespace BatchInference.Models.Batching;

/// <summary>
/// Cuts batches by padded tokens from a look-ahead that is sorted by length, so that little is spent on padding. A pure policy: no time, no threads.
/// </summary>
/// <remarks>
/// Each batch is grown around the row that waits longest, by its nearest neighbours in length: so every row is handed out after at most as many batches as rows waited before it,
/// whatever comes in meanwhile. Rows of equal length keep the order in which they came. Who adds bounds what waits: it takes until nothing more is given before it adds again.
/// </remarks>
/// <typeparam name="T">What a row belongs to; comes back with it.</typeparam>
/// <param name="budget">What fits into a batch.</param>
/// <param name="lookAhead">How many tokens wait before a batch is cut without need: some batches' worth, so that rows of like length meet.</param>
public sealed class TokenBatcher<T>(TokenBudget budget, int lookAhead)
{
    // At most an eighth of a batch is padding, once it holds a quarter of the budget.
    private const int MostPadding = 8;
    private const int WorthARun = 4;

    // Sorted by length, then arrival. Some thousand rows at most, so inserting by shifting costs less than any tree.
    private readonly List<Waiting> waiting = [];
    private long arrivals;

    /// <summary>How many rows wait.</summary>
    public int Count => waiting.Count;

    /// <summary>How many tokens wait, without padding.</summary>
    public long Tokens { get; private set; }

    /// <summary>Puts a row into the look-ahead.</summary>
    public void Add(T item, TokenChunk chunk)
    {
        var row = new Waiting(item, chunk, arrivals++);
        var at = waiting.BinarySearch(row);
        waiting.Insert(~at, row);
        Tokens += chunk.Ids.Length;
    }

    /// <summary>Cuts a batch when the look-ahead is full, or when it is to be flushed and holds anything.</summary>
    /// <param name="flush">True when nothing more will come for now.</param>
    /// <param name="items">What the rows belong to, in the order of the batch's rows.</param>
    /// <param name="batch">The batch.</param>
    public bool TryTake(bool flush, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IReadOnlyList<T>? items, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TokenBatch? batch)
    {
        (items, batch) = (null, null);
        if (waiting.Count == 0 || (!flush && Tokens < lookAhead))
            return false;

        var (first, end) = Grow(Oldest());
        var rows = waiting.GetRange(first, end - first);
        waiting.RemoveRange(first, end - first);
        foreach (var row in rows)
            Tokens -= row.Length;
        items = rows.ConvertAll(row => row.Item);
        batch = new TokenBatch(rows.ConvertAll(row => row.Chunk));
        return true;
    }

    private int Oldest()
    {
        var oldest = 0;
        for (var index = 1; index < waiting.Count; index++)
            if (waiting[index].Arrival < waiting[oldest].Arrival)
                oldest = index;
        return oldest;
    }

    // Takes the neighbour that is nearer in length as long as the batch fits; the longest row counts for all.
    private (int First, int End) Grow(int seed)
    {
        var (first, end, tokens) = (seed, seed + 1, (long)waiting[seed].Length);
        while (true)
        {
            var below = first > 0 && MayJoin(waiting[first - 1].Length, waiting[end - 1].Length) ? waiting[seed].Length - waiting[first - 1].Length : int.MaxValue;
            var above = end < waiting.Count && MayJoin(waiting[end].Length, waiting[end].Length) ? waiting[end].Length - waiting[seed].Length : int.MaxValue;
            if (below == int.MaxValue && above == int.MaxValue)
                return (first, end);
            tokens += below < above ? waiting[--first].Length : waiting[end++].Length;
        }

        // Besides, a batch that is large enough to be worth a run does not take rows that would mostly bring padding.
        bool MayJoin(int length, int longest)
        {
            var padded = (long)(end - first + 1) * longest;
            return budget.Fits(end - first + 1, longest) && (padded <= budget.PaddedTokens / WorthARun || (padded - tokens - length) * MostPadding <= padded);
        }
    }

    private readonly record struct Waiting(T Item, TokenChunk Chunk, long Arrival) : IComparable<Waiting>
    {
        public int Length => Chunk.Ids.Length;

        public int CompareTo(Waiting other) => Length != other.Length ? Length.CompareTo(other.Length) : Arrival.CompareTo(other.Arrival);
    }
}
