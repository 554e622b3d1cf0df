namespace BatchInference.Pipeline;

/// <summary>A job held for one run. Disposing gives it back.</summary>
public abstract class JobHold : IAsyncDisposable
{
    /// <summary>Cancelled when the job was taken by another process, which can happen only to one that was away for longer than its lease.</summary>
    public virtual CancellationToken Lost => CancellationToken.None;

    /// <summary>What the books check at each record: it grows with each holder, so that a late one records nothing.</summary>
    public virtual long Token => 0;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await GiveBackAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the job back.</summary>
    protected abstract ValueTask GiveBackAsync();
}
