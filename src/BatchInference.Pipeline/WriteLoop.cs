using System.Diagnostics;
using System.Threading.Channels;
using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Resume;
using BatchInference.Pipeline.Suspects;
using Microsoft.Extensions.Logging;

namespace BatchInference.Pipeline;

/// <summary>The one owner of parts and ledger: DocumentInHand → DocumentOutcome → part → books.</summary>
internal sealed class WriteLoop(RunPlan plan, RunHeader header, PartPublisher publisher, Ledger ledger, RunProgress progress, TimeProvider time, ILogger logger)
{
    // What stands in containers makes a shard grow; so often its usual rows make a part before it is closed, so that memory does not grow with it.
    private const int MostRowsForShard = 2;

    private readonly DocumentAssembler assembler = new(plan, time);
    private readonly Dictionary<Shard, Activity?> open = [];

    /// <summary>Called when a shard is in the books, given back, or lost.</summary>
    public required Action<Shard> Closed { get; init; }

    /// <summary>Where documents wait that failed temporarily.</summary>
    public required RetryQueue Retries { get; init; }

    /// <summary>Told before a shard is closed whose failures are kept to be tried again.</summary>
    public required Func<CancellationToken, Task> KeepingRetries { get; init; }

    /// <summary>As <see cref="JobHold.Token"/>; null where shards have tokens of their own.</summary>
    public long? Token { get; init; }

    /// <summary>Keeps rows until their part is in the books; null to keep none.</summary>
    public RunJournal? Journal { get; init; }

    /// <summary>Told what is being put together; null to tell nobody.</summary>
    public InHand? InHand { get; init; }

    /// <summary>Parts published until now.</summary>
    public int Parts { get; private set; }

    /// <summary>True when a part may lie in the output that the books do not have: creating or recording it failed, and what became of it is not known.</summary>
    public bool MayHaveLeftAPart { get; private set; }

    /// <summary>Writes until nothing more comes, then publishes what the shards have that were cut short.</summary>
    public async Task RunAsync(ChannelReader<DocumentInHand> input, CancellationToken cancellationToken)
    {
        await foreach (var hand in input.ReadAllAsync(cancellationToken))
        {
            var shard = hand.Shard;
            var outcome = Assemble(hand);
            await FinishAsync(hand, outcome, cancellationToken);
            if (hand.Pending.Home.Add(hand, outcome.Kind))
                CameHome(hand.Pending, shard);
            if (shard.IsLost)
                shard.Outcomes.Clear();
            else if (shard.Home == shard.Documents.Count)
                await CloseAsync(shard, isWhole: true, cancellationToken);
            else if (shard.Outcomes.Count >= MostRowsForShard * Math.Max(plan.ShardDocuments, shard.Documents.Count))
                await SettleAsync(shard, ShardStep.GoesOn, cancellationToken);
        }

        foreach (var shard in open.Keys.Where(shard => !shard.IsLost).OrderBy(shard => shard.Number).ToArray())
            await CloseAsync(shard, isWhole: false, cancellationToken);
    }

    private DocumentOutcome Assemble(DocumentInHand hand)
    {
        using var held = hand.Shares.Count > 0 ? InHand?.Take([hand]) : null;
        return assembler.Assemble(hand);
    }

    private void CameHome(Pending pending, Shard shard)
    {
        shard.Home++;
        var home = pending.Home;
        var isRetry = pending.Attempt > 0;
        progress.Home(isSettled: !home.AnyTemporary, again: isRetry);
        shard.Share += new ShardShare(Handled: isRetry ? 0 : 1, Settled: home.AnyTemporary ? 0 : 1);
        if (home is { IsContainer: true, Sha256: { } sha256 })
            shard.Containers.Add(new SettledContainer(
                pending.Document.Id.Path, pending.Document.Id.Version, sha256, home.AnyFailed ? RowStatus.Failed : RowStatus.Completed, Retry: home.AnyTemporary, home.HasOwn));
        else if (pending.WasContainer && home is { IsContainer: false, IsKnown: false, AnyTemporary: false })
            shard.Emptied.Add(pending.Document.Id);
    }

    private async Task FinishAsync(DocumentInHand hand, DocumentOutcome outcome, CancellationToken cancellationToken)
    {
        var isMember = hand.Reading.Member is not null;
        progress.Finished(outcome, isMember);
        Telemetry.Finished(plan.Job, outcome);
        if (outcome.Failure is { } failure)
            logger.DocumentFailed(plan.Run, hand.Shard.Number, outcome.Path, failure.Stage, failure.Permanent);
        if (outcome is { Kind: OutcomeKind.Temporary, Failure: { } temporary })
            hand.Shard.Retries.Add((hand.Pending, hand.Path, temporary));
        if (outcome is { Text: { } text, Sha256: { } sha256 })
        {
            var file = await publisher.KeepTextAsync(sha256, text, cancellationToken);
            outcome = outcome with { Row = outcome.Row! with { TextFile = file == PartNames.Text(sha256) ? null : file } };
        }

        hand.Shard.Share += new ShardShare(
            Unchanged: outcome.Kind == OutcomeKind.Unchanged ? 1 : 0, Members: isMember && outcome.Row is not null ? 1 : 0, Tokens: outcome.Row?.TokensRead ?? 0);
        if (outcome.Row is { } row)
            Journal?.Append(PartNames.Number(hand.Shard.Number, hand.Shard.Parts), row);
        hand.Shard.Outcomes.Add(outcome with { Text = null });
        if (!open.ContainsKey(hand.Shard))
            open[hand.Shard] = Telemetry.ShardSpan(plan.Run, hand.Shard.Number);
    }

    // What is kept for another try is kept before the shard is closed, so that at no moment all seems done.
    private async Task CloseAsync(Shard shard, bool isWhole, CancellationToken cancellationToken)
    {
        var kept = isWhole ? shard.Retries.Count(one => Retries.TryAdd(one.Pending, one.Path, one.Failure)) : 0;
        if (kept > 0)
            await KeepingRetries(cancellationToken);
        await SettleAsync(shard, isWhole ? ShardStep.Done : ShardStep.GivenBack, cancellationToken);
        if (shard.IsLost)
            return;
        Leave(shard);
    }

    private void Leave(Shard shard)
    {
        if (open.Remove(shard, out var span))
            span?.Dispose();
        Closed(shard);
    }

    private async Task SettleAsync(Shard shard, ShardStep step, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        using var span = Telemetry.PublishSpan(plan.Run, shard.Number);

        IReadOnlyList<ResultRow> rows = [.. shard.Outcomes.Select(outcome => outcome.Row).OfType<ResultRow>().OrderBy(row => row.Document, StringComparer.Ordinal)];
        PartRecord? created = null;
        var journaled = PartNames.Number(shard.Number, shard.Parts);
        MayHaveLeftAPart = true;
        try
        {
            if (rows.Count == 0)
                await SettleAsync(Whole(shard, step, new Settlement(plan.Run, null, [], [], [])), cancellationToken);
            // A part that another process left there under the shard's next name is adopted in place of this work; what it does not hold comes into a part of its own.
            while (rows.Count > 0)
            {
                var (part, published) = await publisher.PublishAsync(new PartRecord(plan.Run, plan.RunDate, PartNames.Number(shard.Number, shard.Parts++), 0, 0, ""), rows, header, cancellationToken);
                created = ReferenceEquals(rows, published) ? part : null;
                var names = published.Select(row => row.Document).ToHashSet(StringComparer.Ordinal);
                rows = [.. rows.Where(row => !names.Contains(row.Document))];
                Parts++;
                logger.PartPublished(plan.Run, part.Shard, part.Rows, part.Bytes);
                var settlement = Settlements.Of(part, published, header.VersionsAreTags);
                await SettleAsync(rows.Count > 0 ? Of(shard, ShardStep.GoesOn, settlement) : Whole(shard, step, settlement), cancellationToken);
            }
        }
        catch (ShardTakenException)
        {
            logger.ShardTaken(plan.Run, shard.Number);
            shard.IsLost = true;
            Retries.Forget(shard.Documents);
            Leave(shard);
        }
        catch (LateWriterException) when (created is not null)
        {
            await DiscardAsync(created);
            throw;
        }

        MayHaveLeftAPart = false;
        Journal?.Remove(journaled);
        Telemetry.Published(plan.Job, time.GetElapsedTime(began));
        shard.Outcomes.Clear();
        shard.Containers.Clear();
        shard.Emptied.Clear();
    }

    private Settlement Of(Shard shard, ShardStep step, Settlement settlement) => settlement with
    {
        Token = Token,
        Pace = new RunPace(progress.Handled, progress.Total),
        Claim = shard.Token is { } token ? new ShardClaim(shard.Number, token, step, shard.Share) : null,
    };

    private Settlement Whole(Shard shard, ShardStep step, Settlement settlement)
    {
        var now = time.GetUtcNow();
        return Of(shard, step, settlement) with
        {
            Containers = [.. shard.Containers],
            Emptied = [.. shard.Emptied],
            Unchanged = [.. shard.Outcomes.Where(outcome => outcome.Kind == OutcomeKind.Unchanged).Select(outcome => new UnchangedDocument(outcome.Path, outcome.Version))],
            Failures =
            [
                .. settlement.Failures,
                .. shard.Outcomes.Where(outcome => outcome.Kind == OutcomeKind.Temporary).Select(outcome => new FailureRecord(outcome.Path, outcome.Version, outcome.Failure!, plan.Run, now) { Sha256 = outcome.Sha256 }),
            ],
        };
    }

    private Task SettleAsync(Settlement settlement, CancellationToken cancellationToken) => ledger.SettleAsync(settlement, cancellationToken);

    // Who has the job now closes this run: a part that it found is in the books; one that came after that belongs to nobody. While the run is open, the part is its affair.
    // Who lost the job is told at the same time to let go of everything; this it still does.
    private async Task DiscardAsync(PartRecord part)
    {
        if (await ledger.FindRunAsync(part.Run, CancellationToken.None) is not { Ending: not null })
            return;
        if ((await ledger.PartsOfAsync(part.Run, CancellationToken.None)).All(recorded => recorded.Shard != part.Shard))
            await publisher.RemoveAsync(part, CancellationToken.None);
        logger.PartCameLate(part.Run, part.Shard);
    }
}

/// <summary>What the rows of a part settle.</summary>
internal static class Settlements
{
    public static Settlement Of(PartRecord part, IReadOnlyList<ResultRow> rows, bool versionsAreTags) => new(
        part.Run,
        part,
        [.. rows.Select(row => new SettledRow(row.Document, RowVersion.Listed(row.Version, row.Sha256, versionsAreTags), row.Sha256, row.Status))],
        [],
        [.. rows.Where(row => row.Error is not null).Select(row =>
            new FailureRecord(row.Document, RowVersion.Listed(row.Version, row.Sha256, versionsAreTags), row.Error!, part.Run, row.ProcessedAt) { Sha256 = row.Sha256 })]);
}
