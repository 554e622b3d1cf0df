using Microsoft.Extensions.Logging;

namespace BatchInference.Pipeline;

/// <summary>Takes part in a run that another node leads: waits for it to begin, makes sure that both would write the same rows, does shards of it, and waits for its end.</summary>
internal sealed class SharedRun(Ledger ledger, RunPlan plan, ResultScope scope, string extraction, RunProgress progress, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);

    /// <summary>Takes part.</summary>
    /// <param name="run">The run of the node that has the job.</param>
    /// <param name="walk">Does shards until none is left.</param>
    /// <param name="documents">Gives back what the other node listed.</param>
    /// <param name="softStop">Asks to finish what is in hand.</param>
    /// <param name="hardStop">Asks to let go of everything.</param>
    /// <returns>Complete when the whole run is; stopped when it ended before, so that the job is to be looked at again.</returns>
    public async Task<RunReport> RunAsync(
        RunId run, Func<RunRecord, ShardBoard, CancellationToken, CancellationToken, Task<RunReport>> walk, Func<RunId, ShardDocuments> documents, CancellationToken softStop, CancellationToken hardStop)
    {
        if (await BegunAsync(run, softStop) is not { } record)
            return Report(run, RunEnd.Stopped, softStop.IsCancellationRequested ? "The run was asked to stop." : "The run that this node was to share did not begin.");
        await using var board = ledger.BoardOf(run, leads: false, documents(run), time);
        var refused = NodeLikeness.Difference(record, plan, scope, extraction);
        await board.EnterAsync(plan.ProgramVersion, refused, hardStop);
        if (refused is not null)
        {
            logger.NodeRefused(refused);
            return Report(run, RunEnd.Failed, refused);
        }

        logger.SharingRun(run, plan.Job);
        var report = await walk(record, board, softStop, hardStop);
        logger.SharedRun(run, report.Parts, report.Counts.Done);
        if (report.End != RunEnd.Complete)
            return report with { IsShared = true };
        var ending = await EndingAsync(run, softStop);
        return report with
        {
            IsShared = true,
            End = ending?.End == RunEnd.Complete ? RunEnd.Complete : RunEnd.Stopped,
            Reason = ending?.End == RunEnd.Complete ? null : ending?.Reason ?? (softStop.IsCancellationRequested ? "The run was asked to stop." : "The node that led the run is gone."),
        };
    }

    // The one that leads calls all in before it closes the run; as long as it is there, its end is to come.
    private async Task<RunEnding?> EndingAsync(RunId run, CancellationToken softStop)
    {
        try
        {
            while (true)
            {
                var isLed = (await ledger.HolderAsync(plan.Job, softStop))?.Run == run;
                var ending = (await ledger.FindRunAsync(run, softStop))?.Ending;
                if (ending is not null || !isLed)
                    return ending;
                progress.Waited();
                await Task.Delay(Look, time, softStop);
            }
        }
        catch (OperationCanceledException) when (softStop.IsCancellationRequested)
        {
            return null;
        }
    }

    // The one who has the job puts in order what an earlier run left before it begins its own.
    private async Task<RunRecord?> BegunAsync(RunId run, CancellationToken softStop)
    {
        try
        {
            while (true)
            {
                if (await ledger.FindRunAsync(run, softStop) is { } record)
                    return record.Ending is null ? record : null;
                if ((await ledger.HolderAsync(plan.Job, softStop))?.Run != run)
                    return null;
                progress.Waited();
                await Task.Delay(Look, time, softStop);
            }
        }
        catch (OperationCanceledException) when (softStop.IsCancellationRequested)
        {
            return null;
        }
    }

    private RunReport Report(RunId run, RunEnd end, string reason) => new() { Job = plan.Job, Run = run, End = end, Reason = reason, Counts = new RunCounts(), IsShared = true };
}
