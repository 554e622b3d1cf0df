using BatchInference.Documents.Extraction;
using System.Threading.Channels;
using BatchInference.Pipeline.Results;
using Microsoft.Extensions.Logging;

namespace BatchInference.Pipeline;

/// <summary>The one owner of parts and ledger: DocumentInHand → DocumentOutcome → part → books.</summary>
internal sealed class WriteLoop(RunPlan plan, RunHeader header, PartPublisher publisher, Ledger ledger, RunProgress progress, TimeProvider time, ILogger logger)
{
    // So many documents with temporary failures are tried once more at the end of the run; what is above is left to the next one, so that a storage that is down does not fill the memory.
    private const int MostRetries = 1000;

    // What stands in containers makes a shard grow; so often its usual rows make a part before it is closed, so that memory does not grow with it.
    private const int MostRowsForShard = 2;

    private readonly DocumentAssembler assembler = new(plan, time);
    private readonly HashSet<Shard> open = [];
    private readonly List<(Pending Pending, string Path, DocumentFailure Failure)> retries = [];

    /// <summary>Called when a shard is in the books.</summary>
    public required Action ShardSettled { get; init; }

    /// <summary>As <see cref="JobHold.Token"/>.</summary>
    public long? Token { get; init; }

    /// <summary>Parts published until now.</summary>
    public int Parts { get; private set; }

    /// <summary>True when documents are worth another try; read when no shard is open.</summary>
    public bool HasRetries => retries.Count > 0;

    /// <summary>Documents that failed temporarily and are worth another try; read when no shard is open.</summary>
    public IReadOnlyList<Pending> TakeRetries()
    {
        foreach (var (_, _, failure) in retries)
            progress.TriedAgain(failure);
        Pending[] taken = [.. retries.GroupBy(retry => retry.Pending, retry => retry.Path).Select(group => group.Key.Again(group.ToHashSet(StringComparer.Ordinal)))];
        retries.Clear();
        return taken;
    }

    /// <summary>Writes until nothing more comes, then publishes what the shards have that were cut short.</summary>
    public async Task RunAsync(ChannelReader<DocumentInHand> input, CancellationToken cancellationToken)
    {
        await foreach (var hand in input.ReadAllAsync(cancellationToken))
        {
            var shard = hand.Shard;
            var outcome = assembler.Assemble(hand);
            await FinishAsync(hand, outcome, cancellationToken);
            if (hand.Pending.Home.Add(hand, outcome.Kind))
                CameHome(hand.Pending, shard);
            if (shard.Home == shard.Documents.Count)
                await CloseAsync(shard, cancellationToken);
            else if (shard.Outcomes.Count >= MostRowsForShard * plan.ShardDocuments)
                await SettleAsync(shard, cancellationToken);
        }

        foreach (var shard in open.OrderBy(shard => shard.Number).ToArray())
            await CloseAsync(shard, cancellationToken);
    }

    private void CameHome(Pending pending, Shard shard)
    {
        shard.Home++;
        var home = pending.Home;
        progress.Home(isSettled: !home.AnyTemporary, again: shard.LastChance);
        if (home is { IsContainer: true, Sha256: { } sha256 })
            shard.Containers.Add(new SettledContainer(
                pending.Document.Id.Path, pending.Document.Id.Version, sha256, home.AnyFailed ? RowStatus.Failed : RowStatus.Completed, Retry: home.AnyTemporary, home.HasOwn));
    }

    private async Task FinishAsync(DocumentInHand hand, DocumentOutcome outcome, CancellationToken cancellationToken)
    {
        progress.Finished(outcome, isMember: hand.Reading.Member is not null);
        Telemetry.Finished(plan.Job, outcome);
        if (outcome.Failure is { } failure)
            logger.DocumentFailed(outcome.Path, failure.Stage, failure.Permanent);
        if (outcome is { Kind: OutcomeKind.Temporary, Failure: { } temporary } && !hand.Shard.LastChance && retries.Count < MostRetries)
            retries.Add((hand.Pending, hand.Path, temporary));
        if (outcome is { Text: { } text, Sha256: { } sha256 })
            await publisher.KeepTextAsync(sha256, text, cancellationToken);
        hand.Shard.Outcomes.Add(outcome with { Text = null });
        open.Add(hand.Shard);
    }

    private async Task CloseAsync(Shard shard, CancellationToken cancellationToken)
    {
        await SettleAsync(shard, cancellationToken);
        open.Remove(shard);
        ShardSettled();
    }

    private async Task SettleAsync(Shard shard, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        using var activity = Telemetry.Activities.StartActivity("publish part");
        activity?.SetTag("run", plan.Run.ToString()).SetTag("shard", shard.Number);

        var now = time.GetUtcNow();
        PartRecord? created = null;
        Settlement settlement;
        ResultRow[] rows = [.. shard.Outcomes.Select(outcome => outcome.Row).OfType<ResultRow>().OrderBy(row => row.Document, StringComparer.Ordinal)];
        if (rows.Length > 0)
        {
            var (part, published) = await publisher.PublishAsync(new PartRecord(plan.Run, plan.RunDate, PartNames.Number(shard.Number, shard.Parts++), 0, 0, ""), rows, header, cancellationToken);
            settlement = Settlements.Of(part, published, header.VersionsAreTags);
            created = ReferenceEquals(rows, published) ? part : null;
            Parts++;
            logger.PartPublished(plan.Run, part.Shard, part.Rows, part.Bytes);
        }
        else
        {
            settlement = new Settlement(plan.Run, null, [], [], []);
        }

        settlement = settlement with
        {
            Token = Token,
            Pace = new RunPace(progress.Handled, progress.Total),
            Containers = [.. shard.Containers],
            Unchanged = [.. shard.Outcomes.Where(outcome => outcome.Kind == OutcomeKind.Unchanged).Select(outcome => new UnchangedDocument(outcome.Path, outcome.Version))],
            Failures =
            [
                .. settlement.Failures,
                .. shard.Outcomes.Where(outcome => outcome.Kind == OutcomeKind.Temporary).Select(outcome => new FailureRecord(outcome.Path, outcome.Version, outcome.Failure!, plan.Run, now)),
            ],
        };
        try
        {
            await ledger.SettleAsync(settlement, cancellationToken);
        }
        catch (LateWriterException) when (created is not null)
        {
            await DiscardAsync(created, cancellationToken);
            throw;
        }

        Telemetry.Published(plan.Job, time.GetElapsedTime(began));
        shard.Outcomes.Clear();
        shard.Containers.Clear();
    }

    // Who has the job now closes this run: a part that it found is in the books; one that came after that belongs to nobody. While the run is open, the part is its affair.
    private async Task DiscardAsync(PartRecord part, CancellationToken cancellationToken)
    {
        if (await ledger.FindRunAsync(part.Run, cancellationToken) is not { Ending: not null })
            return;
        if ((await ledger.PartsOfAsync(part.Run, cancellationToken)).All(recorded => recorded.Shard != part.Shard))
            await publisher.RemoveAsync(part, cancellationToken);
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
            new FailureRecord(row.Document, RowVersion.Listed(row.Version, row.Sha256, versionsAreTags), row.Error!, part.Run, row.ProcessedAt))]);
}
