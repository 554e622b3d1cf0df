using System.Threading.Channels;
using BatchInference.Documents.Extraction;
using BatchInference.Models.Passes;
using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Resume;
using BatchInference.Pipeline.Suspects;
using Microsoft.Extensions.Logging;
using Polly;

namespace BatchInference.Pipeline;

/// <summary>The walk of one process through a run: read ⟶ infer ⟶ write, each loop alive from the first document to the last.</summary>
internal sealed class RunWalk(
    RunPlan plan, RunHeader header, ResultScope scope, SettlementPolicy policy, DocumentReader reader, Lazy<IReadOnlyList<ModelPass>> passes, PartPublisher publisher, Ledger ledger, RunProgress progress, TimeProvider time, ILogger logger)
{
    // Between reading and inference: windows of some dozen batches, so that windows of like length meet; then memory, not speed, is what more would cost.
    private const long LookAheadTokens = 65_536;

    // Documents between the loops: the first channel is bounded by tokens, its capacity only by many documents of a few words; the second holds texts that wait to be written.
    private const int ToInfer = 256, ToWrite = 16;

    /// <summary>As <see cref="BatchRun.SourcePipeline"/>.</summary>
    public required ResiliencePipeline SourcePipeline { get; init; }

    /// <summary>As <see cref="BatchRun.ModelPipeline"/>.</summary>
    public required ResiliencePipeline ModelPipeline { get; init; }

    /// <summary>As <see cref="BatchRun.StateFolder"/>.</summary>
    public string? StateFolder { get; init; }

    /// <summary>As <see cref="JobHold.Token"/>; null where shards have tokens of their own.</summary>
    public long? Token { get; init; }

    /// <summary>Where the journals of a job are; null where none are kept.</summary>
    public static Journals? JournalsOf(string? stateFolder, string job) => stateFolder is null ? null : new Journals(Journals.FolderOf(stateFolder, job));

    /// <summary>Does shards until none is left.</summary>
    /// <param name="board">Where they wait.</param>
    /// <param name="listing">What puts them there; null where another process does.</param>
    /// <param name="softStop">Asks to take no more, and to bring home what is in hand.</param>
    /// <param name="hardStop">Asks to let go of everything.</param>
    public async Task<WalkEnd> RunAsync(ShardBoard board, ShardListing? listing, CancellationToken softStop, CancellationToken hardStop)
    {
        var read = Channel.CreateBounded<DocumentInHand>(new BoundedChannelOptions(ToInfer) { SingleReader = true });
        var inferred = Channel.CreateBounded<DocumentInHand>(new BoundedChannelOptions(ToWrite) { SingleReader = true, SingleWriter = true });
        using var gate = new TokenGate(LookAheadTokens, progress.Queued);
        using var inHand = await OpenInHandAsync(hardStop);
        var suspicion = new Suspicion(plan.Job, await ledger.SuspectsAsync(scope, hardStop));
        var suspects = new WaitingSuspects(suspicion);
        using var letGo = CancellationTokenSource.CreateLinkedTokenSource(hardStop);
        using var noMore = CancellationTokenSource.CreateLinkedTokenSource(letGo.Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(softStop, noMore.Token);
        using var journal = JournalsOf(StateFolder, plan.Job) is { } journals ? new RunJournal(journals, plan.Run, logger) : null;
        var retries = new RetryQueue(plan.RetryDelays, time, suspects);
        using var feed = new ShardFeed(plan, board, listing, retries, suspects, progress, logger);
        var writeLoop = new WriteLoop(plan, header, publisher, ledger, progress, time, logger)
        {
            Closed = feed.Closed, Retries = retries, KeepingRetries = stopping => board.KeepsRetriesAsync(() => true, stopping), Token = Token, Journal = journal, InHand = inHand,
        };
        var readLoop = new ReadLoop(reader, passes, (paths, stopping) => ledger.FindAsync(scope, paths, stopping), policy, plan.Readers, gate)
        {
            SourcePipeline = SourcePipeline, Suspicion = suspicion, InHand = inHand, Progress = progress, Time = time,
            ModelsLoaded = () => new RunFolder(publisher, ledger).KeepAsync(plan.Run, plan.Kept, letGo.Token),
        };
        var inferenceLoop = new InferenceLoop(plan.Run, gate, progress, time, logger) { InHand = inHand, ModelPipeline = ModelPipeline };

        // A loop that ends, however it does, tells the next one that nothing more comes; so what was in hand is published whatever happened before it.
        var faults = await Task.WhenAll(
            Loop(() => readLoop.RunAsync(feed.ShardsAsync(stop.Token), read.Writer, stop.Token, noMore.Token), then: () => read.Writer.Complete()),
            Loop(() => inferenceLoop.RunAsync(read.Reader, inferred.Writer, letGo.Token), then: () => { noMore.Cancel(); inferred.Writer.Complete(); }),
            Loop(() => writeLoop.RunAsync(inferred.Reader, letGo.Token), then: letGo.Cancel));
        hardStop.ThrowIfCancellationRequested();

        // The writer's fault comes first: when the output is gone, the others only say that they were told to let go.
        var fault = faults.Reverse().FirstOrDefault(one => one is not (null or OperationCanceledException)) ?? listing?.Fault;
        if (fault is LateWriterException)
            throw fault;
        var isComplete = fault is null && feed.Finished;
        var total = listing is null ? null : await listing.TotalAsync();
        return new WalkEnd(fault, isComplete)
        {
            Remaining = total is { } all ? all - progress.SettledDocuments : isComplete && listing is { LeavesOthers: false } ? listing.PutUp - progress.SettledDocuments : null,
            LeavesOthers = isComplete && listing is { LeavesOthers: true },
            Parts = writeLoop.Parts,
            MayHaveLeftAPart = writeLoop.MayHaveLeftAPart,
            Next = isComplete || listing is null ? null : await board.FirstLeftAsync(hardStop) ?? listing.Last,
        };
    }

    // What a process that died had in hand is suspected before it is forgotten.
    private async Task<InHand?> OpenInHandAsync(CancellationToken cancellationToken)
    {
        if (StateFolder is null)
            return null;
        var inHand = InHand.Open(Journals.FolderOf(StateFolder, plan.Job), plan.Run, scope, logger);
        try
        {
            foreach (var fall in inHand.Falls)
            {
                await ledger.SuspectAsync(fall, cancellationToken);
                logger.Fell(fall.Run, fall.Documents.Count, fall.IsAlone);
            }

            inHand.Begin();
            return inHand;
        }
        catch
        {
            inHand.Dispose();
            throw;
        }
    }

    // One boundary for each loop: what it throws becomes a value, since the other loops are to be waited for.
    private static Task<Exception?> Loop(Func<Task> loop, Action then) => Task.Run(async () =>
    {
        try
        {
            await loop();
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
        finally
        {
            then();
        }
    });
}

/// <summary>How a walk ended.</summary>
/// <param name="Fault">Why it could not go on; null when it could.</param>
/// <param name="IsComplete">True when nothing was left to be done, here or elsewhere.</param>
internal sealed record WalkEnd(Exception? Fault, bool IsComplete)
{
    /// <summary>As <see cref="RunReport.Remaining"/>.</summary>
    public long? Remaining { get; init; }

    /// <summary>As <see cref="RunReport.LeavesOthers"/>.</summary>
    public bool LeavesOthers { get; init; }

    /// <summary>Parts that this process published.</summary>
    public int Parts { get; init; }

    /// <summary>As <see cref="WriteLoop.MayHaveLeftAPart"/>.</summary>
    public bool MayHaveLeftAPart { get; init; }

    /// <summary>As <see cref="RunReport.Next"/>.</summary>
    public string? Next { get; init; }
}
