namespace BatchInference.Pipeline;

/// <summary>The board of a run that one process does alone. Thread-safe.</summary>
internal sealed class MemoryBoard(TimeProvider time) : ShardBoard(time)
{
    // One shard is cut ahead, so that nobody waits for the list; more would only hold names in memory.
    private const int CutAhead = 1;

    private readonly Lock turn = new();
    private readonly Queue<IReadOnlyList<Pending>> waiting = new();
    private readonly SemaphoreSlim room = new(CutAhead, CutAhead);
    private int numbers, open;
    private bool ended;

    public override bool IsShared => false;

    public override async Task OfferAsync(IReadOnlyList<Pending> documents, CancellationToken cancellationToken)
    {
        await room.WaitAsync(cancellationToken);
        lock (turn)
            waiting.Enqueue(documents);
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
            if (!waiting.TryDequeue(out var documents))
                return Task.FromResult<Shard?>(null);
            room.Release();
            return Task.FromResult<Shard?>(New(documents));
        }
    }

    public override Task<Shard> OwnAsync(IReadOnlyList<Pending> documents, CancellationToken cancellationToken)
    {
        lock (turn)
            return Task.FromResult(New(documents));
    }

    public override Task<bool> IsDoneAsync(CancellationToken cancellationToken)
    {
        lock (turn)
            return Task.FromResult(ended && waiting.Count == 0 && open == 0);
    }

    public override void Closed(Shard shard)
    {
        lock (turn)
            open--;
        Touch();
    }

    protected override ValueTask LeaveAsync()
    {
        room.Dispose();
        return ValueTask.CompletedTask;
    }

    private Shard New(IReadOnlyList<Pending> documents)
    {
        open++;
        return new Shard(numbers++, documents);
    }
}
