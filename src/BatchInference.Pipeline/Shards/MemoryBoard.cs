namespace BatchInference.Pipeline;

/// <summary>The board of a run that one process does alone. Thread-safe.</summary>
internal sealed class MemoryBoard(TimeProvider time) : ShardBoard(time)
{
    // One shard is cut ahead, so that nobody waits for the list; more would only hold names in memory.
    private const int CutAhead = 1;

    private readonly Lock turn = new();
    private readonly Queue<Shard> waiting = new();

    // By number: shards of the list that are not done.
    private readonly SortedDictionary<int, string> left = [];
    private readonly SemaphoreSlim room = new(CutAhead, CutAhead);
    private int numbers, open;
    private bool ended;

    public override bool IsShared => false;

    public override async Task OfferAsync(IReadOnlyList<Pending> documents, CancellationToken cancellationToken)
    {
        await room.WaitAsync(cancellationToken);
        lock (turn)
        {
            var shard = new Shard(numbers++, documents);
            waiting.Enqueue(shard);
            left[shard.Number] = documents[0].Document.Id.Path;
        }

        Touch();
    }

    public override Task EndListAsync(CancellationToken cancellationToken)
    {
        lock (turn)
            ended = true;
        Touch();
        return Task.CompletedTask;
    }

    public override Task<Shard?> TryTakeAsync(CancellationToken cancellationToken)
    {
        lock (turn)
        {
            if (!waiting.TryDequeue(out var shard))
                return Task.FromResult<Shard?>(null);
            room.Release();
            open++;
            return Task.FromResult<Shard?>(shard);
        }
    }

    public override Task<Shard> OwnAsync(IReadOnlyList<Pending> documents, CancellationToken cancellationToken)
    {
        lock (turn)
        {
            open++;
            return Task.FromResult(new Shard(numbers++, documents));
        }
    }

    public override Task<bool> IsDoneAsync(CancellationToken cancellationToken)
    {
        lock (turn)
            return Task.FromResult(ended && waiting.Count == 0 && open == 0);
    }

    public override Task<string?> FirstLeftAsync(CancellationToken cancellationToken)
    {
        lock (turn)
            return Task.FromResult(left.Count == 0 ? null : left.First().Value);
    }

    public override void Closed(Shard shard)
    {
        lock (turn)
        {
            open--;
            if (shard.Home == shard.Documents.Count)
                left.Remove(shard.Number);
        }

        Touch();
    }

    protected override ValueTask LeaveAsync()
    {
        room.Dispose();
        return ValueTask.CompletedTask;
    }
}
