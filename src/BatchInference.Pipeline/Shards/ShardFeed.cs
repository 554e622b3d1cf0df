using System.Runtime.CompilerServices;
using BatchInference.Pipeline.Suspects;
using Microsoft.Extensions.Logging;

namespace BatchInference.Pipeline;

/// <summary>Takes shards from the board as fast as those before are settled, and hands out what is to be tried again when it is due: board → Shard.</summary>
/// <param name="plan">What was decided before.</param>
/// <param name="board">Where the shards wait.</param>
/// <param name="listing">What puts them there; null where another process does.</param>
/// <param name="retries">What failed temporarily.</param>
/// <param name="suspects">What is done when nothing else is left, one by one.</param>
/// <param name="progress">Hears what is tried again.</param>
/// <param name="logger">Hears it too.</param>
internal sealed class ShardFeed(RunPlan plan, ShardBoard board, ShardListing? listing, RetryQueue retries, WaitingSuspects suspects, RunProgress progress, ILogger logger) : IDisposable
{
    // Two, so that the model does not run dry between the last document of one and the first of the next; not more, since what is in flight is what a power cut costs.
    private const int InFlight = 2;

    // The board of several processes is asked so often while there is nothing to take.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);

    private readonly SemaphoreSlim slots = new(InFlight, InFlight);

    /// <summary>True when nothing was left to be done, here or elsewhere.</summary>
    public bool Finished { get; private set; }

    /// <summary>A shard is in the books, or lost: another may be handed out.</summary>
    public void Closed(Shard shard)
    {
        // In this order: who waits at the board looks at the slots too.
        slots.Release(shard.IsAlone ? InFlight : 1);
        board.Closed(shard);
    }

    /// <summary>The shards that this process does.</summary>
    /// <param name="stop">Ends the feed early, without an exception.</param>
    public async IAsyncEnumerable<Shard> ShardsAsync([EnumeratorCancellation] CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var listed = listing is null ? Task.CompletedTask : Task.Run(() => ListAsync(listing, ended.Token), CancellationToken.None);
        try
        {
            while (await NextAsync(stop) is { } shard)
                yield return shard;
        }
        finally
        {
            await ended.CancelAsync();
            await listed;
        }
    }

    public void Dispose() => slots.Dispose();

    private async Task ListAsync(ShardListing list, CancellationToken stop)
    {
        await list.RunAsync(board, stop);
        board.Touch();
    }

    private async Task<Shard?> NextAsync(CancellationToken stop)
    {
        try
        {
            await slots.WaitAsync(stop);
            while (true)
            {
                var seen = board.Version;
                // As many at once as there are, since each shard makes a part: so they come when nothing else waits, or when they are many.
                if (retries.Due >= plan.ShardDocuments || await board.TryTakeAsync(stop) is not { } shard)
                    shard = await RetryAsync(stop);
                if ((shard ?? await SuspectAsync(stop)) is { } next)
                    return next;
                // In this order: what is kept for another try is kept before its shard is closed.
                if (listing?.Fault is not null || (await board.IsDoneAsync(stop) && retries.NextDue is null && !suspects.Any))
                {
                    Finished = listing?.Fault is null;
                    return null;
                }

                // Nothing is in hand here: it waits for a retry's turn, or for others, and lives.
                if (slots.CurrentCount == InFlight - 1)
                    progress.Waited();
                await board.WaitAsync(seen, retries.NextDue is { } soon && soon < Look ? TimeSpan.FromTicks(Math.Max(0, soon.Ticks)) : Look, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private bool Keeps() => retries.NextDue is not null || suspects.Any;

    private async Task<Shard?> RetryAsync(CancellationToken stop)
    {
        var (documents, failures) = retries.TakeDue(plan.ShardDocuments);
        if (documents.Count == 0)
            return null;
        foreach (var failure in failures)
        {
            progress.TriedAgain(failure);
            Telemetry.TriedAgain(plan.Job, failure.Stage);
        }

        logger.TryingAgain(plan.Run, failures.Count);
        var shard = await board.OwnAsync(documents, stop);
        await board.KeepsRetriesAsync(Keeps, stop);
        return shard;
    }

    // When all else is settled, here where others do shards too. It takes every slot, so that nothing comes beside it.
    private async Task<Shard?> SuspectAsync(CancellationToken stop)
    {
        if (!suspects.Any || retries.NextDue is not null || slots.CurrentCount != InFlight - 1 || (listing is not null && !await board.IsDoneAsync(stop)) || suspects.Take() is not { } suspect)
            return null;
        for (var slot = 1; slot < InFlight; slot++)
            await slots.WaitAsync(stop);
        progress.TriedAgain(Suspicion.Waits);
        Telemetry.TriedAgain(plan.Job, Suspicion.Waits.Stage);
        logger.DoingAlone(plan.Run, suspect.Only!.Single());
        var shard = await board.OwnAsync([suspect], stop);
        shard.IsAlone = true;
        await board.KeepsRetriesAsync(Keeps, stop);
        return shard;
    }
}
