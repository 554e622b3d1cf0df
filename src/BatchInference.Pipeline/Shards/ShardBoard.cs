namespace BatchInference.Pipeline;

/// <summary>
/// Where the shards of one run wait to be taken: put up by the process that lists the source, taken by all that share the run, the first one included.
/// A shard that was taken and is not done when its taker is gone can be taken again.
/// </summary>
internal abstract class ShardBoard(TimeProvider time) : IAsyncDisposable
{
    private readonly Lock turn = new();
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long version;

    /// <summary>True when other processes may take shards too.</summary>
    public abstract bool IsShared { get; }

    /// <summary>Cancelled when the process that leads the run asks to bring home what is in hand.</summary>
    public virtual CancellationToken CalledIn => CancellationToken.None;

    /// <summary>Grows with each change in this process that one who waits should look at.</summary>
    public long Version => Interlocked.Read(ref version);

    /// <summary>Says who is here.</summary>
    /// <param name="version">The program's version.</param>
    /// <param name="refused">Why this process takes no shard; null when it does.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public virtual Task EnterAsync(string version, string? refused, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Puts up a shard; waits while enough of them wait to be taken.</summary>
    public abstract Task OfferAsync(IReadOnlyList<Pending> documents, CancellationToken cancellationToken);

    /// <summary>Nothing more comes from the list.</summary>
    public abstract Task EndListAsync(CancellationToken cancellationToken);

    /// <summary>Takes the first shard that waits; null when none does.</summary>
    public abstract Task<Shard?> TryTakeAsync(CancellationToken cancellationToken);

    /// <summary>Makes a shard that nobody else takes while this process lives: documents to be tried again.</summary>
    public abstract Task<Shard> OwnAsync(IReadOnlyList<Pending> documents, CancellationToken cancellationToken);

    /// <summary>True when nothing waits, nothing is in hand anywhere and nothing more comes.</summary>
    public abstract Task<bool> IsDoneAsync(CancellationToken cancellationToken);

    /// <summary>The first document of the first shard of the list that is not done; null when all that were put up are.</summary>
    public abstract Task<string?> FirstLeftAsync(CancellationToken cancellationToken);

    /// <summary>Told before a shard is closed whose failures this process keeps to try them again: until told otherwise the run is not done.</summary>
    /// <param name="keeps">Whether it keeps any; is asked when nobody else tells, so that who told last has told the truth.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public virtual Task KeepsRetriesAsync(Func<bool> keeps, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Something changed: who waits here looks again.</summary>
    public void Touch()
    {
        TaskCompletionSource waited;
        lock (turn)
        {
            version++;
            (waited, changed) = (changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        waited.SetResult();
    }

    /// <summary>Waits until something may have changed.</summary>
    /// <param name="seen">The <see cref="Version"/> that the caller looked at.</param>
    /// <param name="atMost">Ends the wait.</param>
    /// <param name="cancellationToken">Ends it too, by an exception.</param>
    public async Task WaitAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task change;
        lock (turn)
        {
            if (version != seen)
                return;
            change = changed.Task;
        }

        try
        {
            await change.WaitAsync(atMost, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // So long is long enough.
        }
    }

    /// <summary>The books have the shard, or it was given back or taken away: it is no longer in hand here.</summary>
    public abstract void Closed(Shard shard);

    /// <summary>Asks the other processes to bring home what they have in hand and to take no more; waits until they have, or are gone. What they record after that is refused.</summary>
    /// <param name="waited">Told again and again while it waits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public virtual Task CallInAsync(Action waited, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What all processes together did; null where there are no others.</summary>
    public virtual Task<ShardShare?> SharesAsync(CancellationToken cancellationToken) => Task.FromResult<ShardShare?>(null);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the board holds open.</summary>
    protected abstract ValueTask LeaveAsync();
}

/// <summary>What was done of a shard, as its row does not tell. Absolute for the shard, whoever had it, so that recording it twice does no harm.</summary>
/// <param name="Handled">Listed documents done with, whatever became of them.</param>
/// <param name="Settled">Those of them of which nothing is to be tried again.</param>
/// <param name="Unchanged">Documents whose version changed and whose content did not.</param>
/// <param name="Members">Rows of documents inside others.</param>
/// <param name="Tokens">Tokens read by models.</param>
internal sealed record ShardShare(long Handled = 0, long Settled = 0, long Unchanged = 0, long Members = 0, long Tokens = 0)
{
    public static ShardShare operator +(ShardShare left, ShardShare right) => new(
        left.Handled + right.Handled, left.Settled + right.Settled, left.Unchanged + right.Unchanged, left.Members + right.Members, left.Tokens + right.Tokens);
}
