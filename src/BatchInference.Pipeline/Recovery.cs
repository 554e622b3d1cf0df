using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Resume;
using Microsoft.Extensions.Logging;

namespace BatchInference.Pipeline;

/// <summary>What a start does before anything else: sets right what a killed run left, and looks whether the output still has what the books record.</summary>
internal sealed class Recovery(ResultScope scope, ResultSink sink, PartPublisher publisher, Ledger ledger, Journals? journals, long? token, TimeProvider time, ILogger logger)
{

    // Runs that ended so long ago have no late writers any more.
    private const int RunsWithLateWriters = 20;

    /// <summary>Told again and again that it goes on, however much there is to be set right.</summary>
    public Action Waited { get; init; } = () => { };

    /// <summary>Recovers; gives what an admin should look at.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellationToken)
    {
        await sink.RemoveLeftoversAsync(cancellationToken);
        var warnings = new List<string>();
        var left = new JournalRecovery(journals?.Left() ?? [], publisher, ledger, token, logger) { Waited = Waited };
        foreach (var run in await ledger.OpenRunsAsync(scope, cancellationToken))
            warnings.Add(await CloseAsync(run, left, cancellationToken));
        await left.RemoveAsync(cancellationToken);
        warnings.AddRange(await CompareAsync(cancellationToken));
        return warnings;
    }

    // Parts without a record: whole ones count as if the killed run had recorded them, others never were.
    private async Task<string> CloseAsync(RunRecord run, JournalRecovery left, CancellationToken cancellationToken)
    {
        var header = RunHeader.Parse(run.Header);
        // Other nodes may still have shards of it: what they bring from now on is refused, what they brought is looked at next.
        await ledger.RevokeAsync(run.Run, cancellationToken);
        var recorded = (await ledger.PartsOfAsync(run.Run, cancellationToken)).Select(part => part.Shard).ToHashSet();
        var adopted = 0;
        var names = await sink.ListAsync(PartNames.Folder(PartNames.Jsonl, run.RunDate), cancellationToken).ToListAsync(cancellationToken);
        foreach (var name in names.Order(StringComparer.Ordinal))
            if (PartNames.ShardOf(name, run.RunDate, run.Run) is { } shard && !recorded.Contains(shard) && await AdoptAsync(run, header, name, shard, cancellationToken))
                adopted += recorded.Add(shard) ? 1 : 0;
        var rows = await left.PublishAsync(run, header, recorded, cancellationToken);

        var counts = await ledger.CountAsync(run.Run, cancellationToken);
        // What it kept of label sets before its first document makes a folder, too.
        var hasFolder = recorded.Count > 0 || counts is not { Done: 0, Temporary: 0 } || await sink.ListAsync(PartNames.RunFolder(run.Run), cancellationToken).AnyAsync(cancellationToken);
        var ending = new RunEnding(time.GetUtcNow(), RunEnd.Stopped, "The process ended before it could close the run.", counts, null, hasFolder);
        if (hasFolder)
            await new RunFolder(publisher, ledger).CloseAsync(run, ending, cancellationToken);
        await ledger.EndAsync(run.Run, ending, cancellationToken);
        logger.RunClosed(run.Run);
        return $"Run {run.Run} had been left open by its process; it was closed" +
            $"{(adopted == 0 ? "" : $", and {adopted} of its parts that had no record were taken over")}{(rows == 0 ? "" : $", and {rows} rows that it had computed and not published were published")}.";
    }

    private async Task<bool> AdoptAsync(RunRecord run, RunHeader header, string name, int shard, CancellationToken cancellationToken)
    {
        Waited();
        var part = new PartRecord(run.Run, run.RunDate, shard, 0, 0, "");
        try
        {
            (part, var rows) = await publisher.ReadAsync(name, part, cancellationToken);
            await publisher.DeriveAsync(part, rows, header, cancellationToken);
            await ledger.SettleAsync(Settlements.Of(part, rows, header.VersionsAreTags) with { Token = token }, cancellationToken);
            logger.PartAdopted(name, part.Rows);
            return true;
        }
        catch (InvalidDataException exception)
        {
            await publisher.RemoveAsync(part, cancellationToken);
            logger.PartRemoved(exception, name);
            return false;
        }
    }

    // By date, so that the names in memory are those of one night.
    private async Task<IReadOnlyList<string>> CompareAsync(CancellationToken cancellationToken)
    {
        var (missing, altered) = (new NamedParts(), new NamedParts());
        var present = new HashSet<string>(StringComparer.Ordinal);
        DateOnly? date = null;
        (RunId Run, RunHeader? Header)? known = null;
        var dates = (await ledger.RunsAsync(scope.Job, RunsWithLateWriters, cancellationToken)).Where(ended => ended.Scope == scope).Select(ended => ended.RunDate).ToHashSet();
        await foreach (var part in ledger.PartsAsync(scope, cancellationToken))
        {
            Waited();
            if (part.RunDate != date)
            {
                await RemoveLateAsync(present, date, cancellationToken);
                date = part.RunDate;
                dates.Remove(part.RunDate);
                present = await PresentAsync(part.RunDate, cancellationToken);
            }

            if (known?.Run != part.Run)
                known = (part.Run, await ledger.FindRunAsync(part.Run, cancellationToken) is { } run ? RunHeader.Parse(run.Header) : null);
            var name = PartNames.Of(PartNames.Jsonl, part);
            var isThere = present.Remove(name);
            if (isThere && (known?.Header is not { } header || await MakeAgainAsync(part, header, present, cancellationToken)))
                continue;
            // What later parts have superseded is missed by nobody.
            if ((await ledger.ValidInAsync(part, cancellationToken)).Count > 0)
                (isThere ? altered : missing).Add(name);
        }

        await RemoveLateAsync(present, date, cancellationToken);
        // Also where a run ended without a part of its own.
        foreach (var other in dates)
            await RemoveLateAsync(await PresentAsync(other, cancellationToken), other, cancellationToken);
        var remedy = $"Their documents count as settled: restore the files, or let them be done again: batch-inference ledger check {scope.Job} --redo";
        return
        [
            .. missing.Count == 0 ? [] : new[] { $"The output has lost {missing.Parts} that the ledger records ({missing.Names} in {sink.Identity}). {remedy}" },
            .. altered.Count == 0 ? [] : new[] { $"The output has {altered.Parts} with other content than the ledger records ({altered.Names} in {sink.Identity}), so missing Parquet or CSV files of the same rows were not made again. {remedy}" },
        ];
    }

    // All parts of a run that was closed are recorded, but one of a process that was away and came back after the close.
    private async Task RemoveLateAsync(HashSet<string> unrecorded, DateOnly? date, CancellationToken cancellationToken)
    {
        foreach (var name in unrecorded.Where(name => name.StartsWith(PartNames.Jsonl + "/", StringComparison.Ordinal)))
        {
            if (date is not { } day || PartNames.RunOf(name) is not { } run || PartNames.ShardOf(name, day, run) is not { } shard
                || await ledger.FindRunAsync(run, cancellationToken) is not { Ending: not null } closed || closed.Scope != scope)
                continue;
            await publisher.RemoveAsync(new PartRecord(run, day, shard, 0, 0, ""), cancellationToken);
            logger.LatePartRemoved(name);
        }
    }

    // False where the part is not what was recorded: what would be made of it is not what its night answered.
    private async Task<bool> MakeAgainAsync(PartRecord part, RunHeader header, HashSet<string> present, CancellationToken cancellationToken)
    {
        if (PartPublisher.Derived(header).All(derived => present.Contains(PartNames.Of(derived.Format, part))))
            return true;
        IReadOnlyList<ResultRow> rows;
        try
        {
            (var found, rows) = await publisher.ReadAsync(PartNames.Of(PartNames.Jsonl, part), part, cancellationToken);
            if (found.Sha256 != part.Sha256)
                return false;
        }
        catch (InvalidDataException)
        {
            return false;
        }

        foreach (var name in await publisher.DeriveAsync(part, rows, header, cancellationToken))
            logger.FileMadeAgain(name);
        return true;
    }

    private async Task<HashSet<string>> PresentAsync(DateOnly date, CancellationToken cancellationToken)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var format in new[] { PartNames.Jsonl, PartNames.Parquet, PartNames.Csv })
            await foreach (var name in sink.ListAsync(PartNames.Folder(format, date), cancellationToken))
                names.Add(name);
        return names;
    }

    /// <summary>Parts that a warning tells of: their number, and the names of the first.</summary>
    private sealed class NamedParts
    {
        private const int Most = 3;
        private readonly List<string> names = [];

        public int Count { get; private set; }

        public string Parts => Count == 1 ? "1 part" : $"{Count} parts";

        public string Names => string.Join(", ", names) + (Count > names.Count ? " …" : "");

        public void Add(string name)
        {
            Count++;
            if (names.Count < Most)
                names.Add(name);
        }
    }
}
