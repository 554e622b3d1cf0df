using BatchInference.Documents.Extraction;
using BatchInference.Documents;
using BatchInference.Models.Passes;
using BatchInference.Pipeline.Results;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Polly;

namespace BatchInference.Pipeline;

/// <summary>One run of a job, from listing to <c>_SUCCESS</c>.</summary>
/// <param name="plan">What was decided before.</param>
/// <param name="source">Where the documents are.</param>
/// <param name="reader">What reads them.</param>
/// <param name="load">Loads the models of <see cref="RunPlan.Passes"/>, in their order; called once, when the first document needs them. The caller disposes them.</param>
/// <param name="sink">Where the results go.</param>
/// <param name="ledger">The books.</param>
public sealed class BatchRun(RunPlan plan, DocumentSource source, DocumentReader reader, Func<IReadOnlyList<ModelPass>> load, ResultSink sink, Ledger ledger)
{
    // Among so many there is one to the same output, unless somebody ran the job to many places meanwhile.
    private const int LastRuns = 10;

    private readonly BoundedNames named = new(source);
    private readonly ResultScope scope = new(plan.Job, sink.Identity);
    private readonly SettlementPolicy policy = new(plan.WorkFingerprint, reader.Fingerprint, plan.Again);
    private readonly RunHeader header = RunHeader.Of(plan, source.Description);
    private readonly Lazy<IReadOnlyList<ModelPass>> passes = new(() => Verified(plan, load()));

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Hears what happens.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Counts what happens.</summary>
    public RunProgress Progress { get; init; } = new(TimeProvider.System);

    /// <summary>The program's own folder on this machine, where a run keeps what the next start needs should this process die; null to keep nothing.</summary>
    public string? StateFolder { get; init; }

    /// <summary>How the reading of a document is tried again when the storage gives nothing.</summary>
    public ResiliencePipeline SourcePipeline { get; init; } = ResiliencePipeline.Empty;

    /// <summary>How operations of the sink are tried again.</summary>
    public ResiliencePipeline SinkPipeline { get; init; } = ResiliencePipeline.Empty;

    /// <summary>How a model is asked again that answered in this run and answers no more.</summary>
    public ResiliencePipeline ModelPipeline { get; init; } = ResiliencePipeline.Empty;

    /// <summary>Tells what asked for the soft stop, for people; null when it is not known.</summary>
    public Func<string?> WhyStopped { get; init; } = () => null;

    /// <summary>True to share the run of another node that has the job already, instead of being refused.</summary>
    public bool Shares { get; init; }

    /// <summary>Runs.</summary>
    /// <param name="softStop">Asks to finish what is in hand, publish it and close the run.</param>
    /// <param name="hardStop">Asks to let go of everything; the next start closes the run.</param>
    /// <returns>How it ended, be it that it could not go on.</returns>
    /// <exception cref="JobIsRunningException">Another process runs the job.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="hardStop"/> asked.</exception>
    public async Task<RunReport> RunAsync(CancellationToken softStop, CancellationToken hardStop)
    {
        var record = new RunRecord
        {
            Run = plan.Run, Scope = scope, RunDate = plan.RunDate, Started = Time.GetUtcNow(), Work = plan.WorkFingerprint, Extraction = reader.Fingerprint, Header = header.ToJson(),
        };
        JobHold hold;
        try
        {
            hold = await ledger.HoldAsync(plan.Job, new JobHolder(plan.Run, Environment.MachineName, Environment.ProcessId, record.Started), hardStop);
        }
        catch (JobIsRunningException running) when (Shares && ledger.IsShared)
        {
            return await SharedAsync(running, softStop, hardStop);
        }

        await using var held = hold;
        using var span = Telemetry.RunSpan(plan.Job, plan.Run);
        Logger.RunBegan(plan.Run, plan.Job, source.Description, sink.Identity);

        var publisher = new PartPublisher(sink, SinkPipeline);
        IReadOnlyList<string> warnings = [];
        var report = new RunReport { Job = plan.Job, Run = plan.Run, End = RunEnd.Failed, Counts = new RunCounts() };
        try
        {
            using var letGo = CancellationTokenSource.CreateLinkedTokenSource(hardStop, held.Lost);
            warnings = await new Recovery(scope, sink, publisher, ledger, RunWalk.JournalsOf(StateFolder, plan.Job), held.Token, Time, Logger) { Waited = Progress.Waited }.RunAsync(letGo.Token);
            foreach (var warning in warnings)
                Logger.Warned(warning);
            await ledger.BeginAsync(record, letGo.Token);
            await using var pauses = new PauseRecord(Progress.Pauses, plan.Run, ledger);
            await using (var board = ledger.BoardOf(plan.Run, leads: true, Documents(plan.Run), Time))
            {
                await board.EnterAsync(plan.ProgramVersion, refused: null, letGo.Token);
                var listing = Listing(await NextAsync(letGo.Token), await GoneDocuments.OfAsync(ledger, scope, letGo.Token));
                report = await WalkAsync(publisher, board, listing, board.IsShared ? null : held.Token, softStop, letGo.Token);
                report = await TogetherAsync(report, board, letGo.Token);
            }

            if (report is { End: RunEnd.Complete, Counts.Listed: 0 } && await EmptiedAsync(letGo.Token) is { } emptied)
            {
                Logger.Warned(emptied);
                warnings = [.. warnings, emptied];
            }

            // Closed now, the run would say that it is whole without a part that lies there: the next start takes the part over, or removes it, and closes the run then.
            if (!report.MayHaveLeftAPart)
                report = await CloseAsync(record, report, publisher, letGo.Token);
        }
        catch (OperationCanceledException) when (hardStop.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception) when (softStop.IsCancellationRequested && IsOutage(exception) && !held.Lost.IsCancellationRequested)
        {
            // Nothing is wrong but the place: the next start closes the run.
            Logger.RunFailed(exception, plan.Run);
            report = report with { End = RunEnd.Stopped, Reason = Why(exception), Counts = await PublishedAsync() };
        }
        catch (Exception thrown)
        {
            // Whoever has the job now closes this run.
            var exception = held.Lost.IsCancellationRequested ? new LateWriterException(plan.Job) : thrown;
            Logger.RunFailed(exception, plan.Run);
            report = report with { End = RunEnd.Failed, Reason = exception is LateWriterException ? Why(exception) : report.Reason ?? Why(exception), Counts = await PublishedAsync() };
        }

        Logger.RunEnded(plan.Run, report.End, report.Counts.Done, report.Parts, report.Counts.Temporary);
        return report with { Warnings = warnings };
    }

    /// <summary>Lists, reads a sample, and tells what a run would have to do. Writes nothing.</summary>
    /// <param name="cancellationToken">Asks to stop.</param>
    public async Task<RunForecast> ForecastAsync(CancellationToken cancellationToken)
    {
        return await new Forecast(reader, passes, Time).RunAsync(Listing().PendingAsync(countsAsListed: true, cancellationToken), () => Progress.Counts.Listed, cancellationToken);
    }

    private async Task<RunReport> SharedAsync(JobIsRunningException running, CancellationToken softStop, CancellationToken hardStop)
    {
        var report = new RunReport { Job = plan.Job, Run = running.Holder?.Run ?? plan.Run, End = RunEnd.Stopped, Reason = running.Message, Counts = new RunCounts(), IsShared = true };
        // Nobody has it any more by the time that the name is asked for: whoever comes next leads.
        if (running.Holder is null)
            return report;
        try
        {
            return await new SharedRun(ledger, plan, scope, reader.Fingerprint, Progress, Time, Logger).RunAsync(
                report.Run, (shared, board, soft, hard) => Sharing(shared).ShareAsync(board, soft, hard), Documents, softStop, hardStop);
        }
        catch (OperationCanceledException) when (hardStop.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        {
            Logger.RunFailed(exception, report.Run);
            return report with { End = softStop.IsCancellationRequested && IsOutage(exception) ? RunEnd.Stopped : RunEnd.Failed, Reason = Why(exception), Counts = Progress.Counts };
        }
    }

    private async Task<RunReport> WalkAsync(PartPublisher publisher, ShardBoard board, ShardListing? listing, long? token, CancellationToken softStop, CancellationToken hardStop)
    {
        var walk = await new RunWalk(plan, header, scope, policy, reader, passes, publisher, ledger, Progress, Time, Logger)
        {
            SourcePipeline = SourcePipeline, ModelPipeline = ModelPipeline, StateFolder = StateFolder, Token = token,
        }.RunAsync(board, listing, softStop, hardStop);
        if (walk.Fault is { } fault)
            Logger.RunFailed(fault, plan.Run);
        return new RunReport
        {
            Job = plan.Job,
            Run = plan.Run,
            End = walk.Fault is not null && !(softStop.IsCancellationRequested && IsOutage(walk.Fault)) ? RunEnd.Failed : walk.IsComplete ? RunEnd.Complete : RunEnd.Stopped,
            Reason = walk.Fault is not null ? Why(walk.Fault) : walk.LeavesOthers ? $"The run was asked for {plan.Limit} document{(plan.Limit == 1 ? "" : "s")} only." : walk.IsComplete ? null : WhyStopped() is { } asked ? $"The run was asked to stop: {asked}." : "The run was asked to stop.",
            Counts = walk.Fault is null ? Progress.Counts : await PublishedAsync(),
            Remaining = walk.Remaining,
            Limit = plan.Limit,
            LeavesOthers = walk.LeavesOthers,
            Parts = walk.Parts,
            MayHaveLeftAPart = walk.MayHaveLeftAPart,
            Next = walk.Next,
        };
    }

    private async Task<RunReport> CloseAsync(RunRecord record, RunReport report, PartPublisher publisher, CancellationToken cancellationToken)
    {
        var hasFolder = !report.NothingToDo;
        var ending = new RunEnding(Time.GetUtcNow(), report.End, report.Reason, report.Counts, report.Remaining, hasFolder) { Next = report.Next, LeavesOthers = report.LeavesOthers };
        if (hasFolder)
        {
            var folder = new RunFolder(publisher, ledger);
            // What the manifest names is there also where no document came to a model.
            await folder.KeepAsync(plan.Run, plan.Kept, cancellationToken);
            await folder.CloseAsync(record, ending, cancellationToken);
        }

        await ledger.EndAsync(plan.Run, ending, cancellationToken);
        return report with { Folder = hasFolder ? PartNames.RunFolder(plan.Run) : null };
    }

    // A run that could not go on may have computed rows that nobody will see: only those in the books count.
    private async Task<RunCounts> PublishedAsync()
    {
        try
        {
            var rows = await ledger.CountAsync(plan.Run, CancellationToken.None);
            return Progress.Counts with { Completed = rows.Completed, Partial = rows.Partial, Failed = rows.Failed, Temporary = rows.Temporary };
        }
        catch (Exception exception) when (exception is System.Data.Common.DbException or IOException or TimeoutException)
        {
            // The books are gone, too.
            return Progress.Counts;
        }
    }

    // Others may have shards in hand: they bring them home, or are refused.
    private async Task<RunReport> TogetherAsync(RunReport report, ShardBoard board, CancellationToken cancellationToken)
    {
        if (!board.IsShared)
            return report;
        await board.CallInAsync(Progress.Waited, cancellationToken);
        var share = await board.SharesAsync(cancellationToken) ?? new ShardShare();
        await ledger.RevokeAsync(plan.Run, cancellationToken);
        var rows = await ledger.CountAsync(plan.Run, cancellationToken);
        return report with
        {
            Counts = rows with { Listed = report.Counts.Listed, Skipped = report.Counts.Skipped, Unchanged = share.Unchanged, Members = share.Members, Tokens = share.Tokens },
            Remaining = report.Remaining is null ? null : Math.Max(0, report.Remaining.Value + Progress.SettledDocuments - share.Settled),
            Parts = (await ledger.PartsOfAsync(plan.Run, cancellationToken)).Count,
        };
    }

    // The same walk over shards that another node puts up. Its run, its rows.
    private async Task<RunReport> ShareAsync(ShardBoard board, CancellationToken softStop, CancellationToken hardStop)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(softStop, board.CalledIn);
        await using var pauses = new PauseRecord(Progress.Pauses, plan.Run, ledger);
        try
        {
            return await WalkAsync(new PartPublisher(sink, SinkPipeline), board, listing: null, token: null, stop.Token, hardStop);
        }
        catch (LateWriterException exception)
        {
            Logger.RunFailed(exception, plan.Run);
            return new RunReport { Job = plan.Job, Run = plan.Run, End = RunEnd.Stopped, Reason = exception.Message, Counts = Progress.Counts };
        }
    }

    private BatchRun Sharing(RunRecord run) => new(plan with { Run = run.Run, RunDate = run.RunDate, Limit = null, Again = RunHeader.Parse(run.Header).Again }, source, reader, load, sink, ledger)
    {
        Time = Time, Logger = Logger, Progress = Progress, SourcePipeline = SourcePipeline, SinkPipeline = SinkPipeline, ModelPipeline = ModelPipeline, StateFolder = StateFolder, WhyStopped = WhyStopped,
    };

    private ShardListing Listing(string? first = null, GoneDocuments? gone = null) => new(plan, named, FindAsync, FindContainersAsync, policy, Progress) { First = first, Gone = gone };

    // A share that is not mounted is an empty folder, and a night over it looks like one without new documents.
    private async Task<string?> EmptiedAsync(CancellationToken cancellationToken)
    {
        var runs = await ledger.RunsAsync(plan.Job, LastRuns, cancellationToken);
        return runs.FirstOrDefault(run => run.Run != plan.Run && run.Scope == scope && run.Ending?.Counts.Listed > 0) is { } before
            ? $"{source.Description} holds no document for this job; run {before.Run} found {before.Ending!.Counts.Listed}. Is it mounted, and do the patterns of the job still fit?"
            : null;
    }

    // What an earlier night left comes first, before what has arrived since.
    private async Task<string?> NextAsync(CancellationToken cancellationToken)
    {
        var runs = await ledger.RunsAsync(plan.Job, LastRuns, cancellationToken);
        return runs.FirstOrDefault(run => run.Run != plan.Run && run.Scope == scope)?.Ending?.Next;
    }

    private ShardDocuments Documents(RunId run) => new(run, named, FindAsync, FindContainersAsync);

    private Task<IReadOnlyDictionary<string, SettledDocument>> FindAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) =>
        ledger.FindAsync(scope, paths, cancellationToken);

    private Task<IReadOnlyDictionary<string, SettledDocument>> FindContainersAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) =>
        ledger.FindContainersAsync(scope, paths, cancellationToken);

    // What a run waits for until it is mended or asked to stop, and what the pipelines say while they wait.
    private static bool IsOutage(Exception exception) => exception is OutputUnavailableException or StorageUnavailableException or ExecutionRejectedException or ModelBrokenException { HasAnswered: true };

    // A pipeline that gave up tells only that; the storage told why.
    private static string Why(Exception exception) => SecretValues.BlotOut(exception is ExecutionRejectedException { InnerException: { } cause } ? cause.Message : exception.Message);

    private static IReadOnlyList<ModelPass> Verified(RunPlan plan, IReadOnlyList<ModelPass> loaded)
    {
        for (var index = 0; index < plan.Passes.Count; index++)
            if (index >= loaded.Count || loaded[index].Fingerprint != plan.Passes[index].Fingerprint)
                throw new InvalidOperationException($"The model {plan.Passes[index].Model} is not the one this run was planned with: its files or tasks changed meanwhile. Start the run again.");
        return loaded;
    }
}
