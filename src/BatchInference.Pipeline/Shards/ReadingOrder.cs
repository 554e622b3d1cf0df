namespace BatchInference.Pipeline;

/// <summary>
/// Hands the documents of shards to readers: most of them follow the listing, some begin with the largest of the shard, since a scan of many pages that is begun last is waited for by all.
/// Asks for a shard only when the one before has been handed out.
/// </summary>
/// <param name="shards">Where they come from.</param>
/// <param name="large">How many readers may have a document that was taken for its size.</param>
/// <param name="stopped">True when nothing more is to be handed out; what was, is read to its end.</param>
internal sealed class ReadingOrder(IAsyncEnumerator<Shard> shards, int large, Func<bool> stopped) : IAsyncDisposable
{
    private readonly SemaphoreSlim turn = new(1);
    private Shard? shard;
    private int[] bySize = [];
    private bool[] taken = [];
    private int inOrder;
    private int inSize;
    private int largeInHand;

    /// <summary>The next document; null when there are no more.</summary>
    public async Task<ToRead?> NextAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            while (!stopped())
            {
                Skip();
                if (shard is not null && inOrder < taken.Length) return Take();
                if (!await shards.MoveNextAsync()) return null;
                Begin(shards.Current);
            }

            return null;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>To be told when a document is read.</summary>
    public void Read(ToRead document)
    {
        if (document.IsLarge) Interlocked.Decrement(ref largeInHand);
    }

    public async ValueTask DisposeAsync()
    {
        turn.Dispose();
        await shards.DisposeAsync();
    }

    private void Begin(Shard next)
    {
        (shard, inOrder, inSize) = (next, 0, 0);
        taken = new bool[next.Documents.Count];
        bySize = [.. Enumerable.Range(0, taken.Length).OrderByDescending(index => next.Documents[index].Document.Length ?? 0)];
    }

    private void Skip()
    {
        while (inOrder < taken.Length && taken[inOrder]) inOrder++;
        while (inSize < taken.Length && taken[bySize[inSize]]) inSize++;
    }

    private ToRead Take()
    {
        var isLarge = Volatile.Read(ref largeInHand) < large;
        if (isLarge) Interlocked.Increment(ref largeInHand);
        var index = isLarge ? bySize[inSize] : inOrder;
        taken[index] = true;
        return new ToRead(shard!, shard!.Documents[index], isLarge);
    }
}

/// <summary>A document of a shard, for a reader.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Pending">The document.</param>
/// <param name="IsLarge">True when it was taken for its size.</param>
internal sealed record ToRead(Shard Shard, Pending Pending, bool IsLarge);
