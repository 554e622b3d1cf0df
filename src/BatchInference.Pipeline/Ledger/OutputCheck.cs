using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using BatchInference.Pipeline.Results;
using Polly;

namespace BatchInference.Pipeline;

/// <summary>Compares the parts that the books record with the files that the output has: every file is read.</summary>
/// <remarks>The books have the hash of each part; the manifest of its run has those of the files that derive from it. Of a text its row has the length and the quotes.</remarks>
public sealed class OutputCheck(ResultSink sink, Ledger ledger)
{
    // A storage answers several as fast as one; each text is in memory while it is compared.
    private const int TextsAtOnce = 4;

    private readonly PartPublisher publisher = new(sink, ResiliencePipeline.Empty);

    /// <summary>This program's; files of a run of the same one are made again byte for byte.</summary>
    public string? ProgramVersion { get; init; }

    /// <summary>Compares; gives what does not agree, recorded parts first, by date.</summary>
    /// <param name="job">The job.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public async IAsyncEnumerable<PartFinding> RunAsync(string job, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var scope = new ResultScope(job, sink.Identity);
        // Names of parts, not of documents: some thousand for a million documents.
        var recorded = new HashSet<string>(StringComparer.Ordinal);
        (RunId Run, RunHeader Header, IReadOnlyDictionary<string, string> Hashes)? of = null;
        await foreach (var part in ledger.PartsAsync(scope, cancellationToken))
        {
            if (of?.Run != part.Run)
                of = (part.Run, await HeaderAsync(part, cancellationToken), await RunFolder.HashesAsync(sink, part.Run, cancellationToken));
            var (_, header, hashes) = of.Value;
            var name = PartNames.Of(PartNames.Jsonl, part);
            recorded.Add(name);
            recorded.UnionWith(PartPublisher.Derived(header).Select(derived => PartNames.Of(derived.Format, part)));
            if (await FaultOfAsync(name, part, cancellationToken) is { } fault)
            {
                // What later parts have superseded is missed by nobody.
                var valid = (await ledger.ValidInAsync(part, cancellationToken)).Count;
                if (valid > 0)
                    yield return new PartFinding(fault, name, part, valid);
                continue;
            }

            // Whoever opens all nights reads them whether or not their rows are valid.
            foreach (var finding in await DerivedAsync(part, header, hashes, cancellationToken))
                yield return finding;
            if (header.Formats.Text)
                foreach (var finding in await TextsAsync(part, cancellationToken))
                    yield return finding;
        }

        var open = (await ledger.OpenRunsAsync(scope, cancellationToken)).Select(run => run.Run.ToString()).ToArray();
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var format in (string[])[PartNames.Jsonl, PartNames.Parquet, PartNames.Csv])
            await foreach (var name in sink.ListAsync(format, cancellationToken))
            {
                // Of what derives, those that readers of all nights find; one whose part is told is not told again.
                if (recorded.Contains(name) || (format != PartNames.Jsonl && (!name.EndsWith($".{format}", StringComparison.Ordinal) || told.Contains($"{PartNames.Jsonl}{name[format.Length..^format.Length]}{PartNames.Jsonl}"))))
                    continue;
                told.Add(name);
                yield return new PartFinding(open.Any(run => name.Contains(run, StringComparison.Ordinal)) ? PartFault.Unrecorded : PartFault.Foreign, name, null, 0);
            }
    }

    /// <summary>Makes a derived file again that is missing or altered, from the part that it derives from.</summary>
    public async Task MakeAgainAsync(PartFinding finding, CancellationToken cancellationToken)
    {
        var part = finding.Part ?? throw new ArgumentException("Only what derives from a recorded part can be made again.", nameof(finding));
        var (_, rows) = await publisher.ReadAsync(PartNames.Of(PartNames.Jsonl, part), part, cancellationToken);
        await sink.DeleteAsync(finding.Name, cancellationToken);
        await publisher.DeriveAsync(part, rows, await HeaderAsync(part, cancellationToken), cancellationToken);
    }

    private async Task<RunHeader> HeaderAsync(PartRecord part, CancellationToken cancellationToken) => RunHeader.Parse((await ledger.FindRunAsync(part.Run, cancellationToken))!.Header);

    private async Task<PartFault?> FaultOfAsync(string name, PartRecord part, CancellationToken cancellationToken)
    {
        await using var stream = await sink.OpenAsync(name, cancellationToken);
        if (stream is null)
            return PartFault.Missing;
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken)) == part.Sha256 ? null : PartFault.Altered;
    }

    private async Task<IReadOnlyList<PartFinding>> DerivedAsync(PartRecord part, RunHeader header, IReadOnlyDictionary<string, string> hashes, CancellationToken cancellationToken)
    {
        var findings = new List<PartFinding>();
        foreach (var (format, write) in PartPublisher.Derived(header))
        {
            var name = PartNames.Of(format, part);
            string found;
            await using (var stream = await sink.OpenAsync(name, cancellationToken))
            {
                if (stream is null)
                {
                    findings.Add(new PartFinding(PartFault.DerivedMissing, name, part, 0));
                    continue;
                }

                found = (await PartPublisher.HashAsync(name, stream, cancellationToken)).Sha256;
            }

            var recorded = hashes.GetValueOrDefault(name);
            // One that was lost and made again by a later program may be other bytes of the same rows.
            if (found == recorded || found == await PartPublisher.HashAsync(write, await RowsAsync(part, cancellationToken), cancellationToken))
                continue;
            findings.Add(new PartFinding(recorded is null && header.ProgramVersion != ProgramVersion ? PartFault.DerivedUnknown : PartFault.DerivedAltered, name, part, 0));
        }

        return findings;
    }

    private async Task<IReadOnlyList<ResultRow>> RowsAsync(PartRecord part, CancellationToken cancellationToken) =>
        (await publisher.ReadAsync(PartNames.Of(PartNames.Jsonl, part), part, cancellationToken)).Rows;

    private async Task<IEnumerable<PartFinding>> TextsAsync(PartRecord part, CancellationToken cancellationToken)
    {
        var valid = await ledger.ValidInAsync(part, cancellationToken);
        var rows = valid.Count == 0 ? [] : (await RowsAsync(part, cancellationToken)).Where(row => row is { Status: not RowStatus.Failed, Sha256: not null } && valid.Contains(row.Document));
        var faults = new ConcurrentBag<(PartFault Fault, string Name)>();
        await Parallel.ForEachAsync(rows, new ParallelOptions { MaxDegreeOfParallelism = TextsAtOnce, CancellationToken = cancellationToken }, async (row, token) =>
        {
            var name = row.TextFile ?? PartNames.Text(row.Sha256!);
            await using var stream = await sink.OpenAsync(name, token);
            if (stream is null)
                faults.Add((PartFault.TextMissing, name));
            else if (!Says(await new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false).ReadToEndAsync(token), row))
                faults.Add((PartFault.TextAltered, name));
        });
        return faults.GroupBy(one => one.Fault).OrderBy(group => group.Key).Select(group => new PartFinding(group.Key, group.Select(one => one.Name).Order(StringComparer.Ordinal).First(), part, group.Count()));
    }

    // As long as the row says, and each quote where it says.
    private static bool Says(string text, ResultRow row)
    {
        if (text.EnumerateRunes().Count() != row.Characters)
            return false;
        var (at, points) = (0, 0L);
        foreach (var quote in row.Results.SelectMany(result => result.Quotes ?? []).OrderBy(quote => quote.Start))
        {
            for (; points < quote.Start && at < text.Length; points++)
                at += char.IsSurrogatePair(text, at) ? 2 : 1;
            if (!text.AsSpan(at).StartsWith(quote.Text, StringComparison.Ordinal))
                return false;
        }

        return true;
    }
}

/// <summary>A part whose record and file do not agree, or what belongs to it.</summary>
/// <param name="Fault">How.</param>
/// <param name="Name">Of the file in the output; of several texts the first.</param>
/// <param name="Part">Its record; null where there is none.</param>
/// <param name="Documents">How many documents have their valid row in it, by the books; of texts, how many have theirs so.</param>
public sealed record PartFinding(PartFault Fault, string Name, PartRecord? Part, int Documents);

/// <summary>How record and file disagree.</summary>
public enum PartFault
{
    /// <summary>Recorded, and not there.</summary>
    Missing,

    /// <summary>There, with other bytes than recorded.</summary>
    Altered,

    /// <summary>There and of a run that was cut off; the next run takes it over or removes it.</summary>
    Unrecorded,

    /// <summary>There and of no run of these books.</summary>
    Foreign,

    /// <summary>Derived from a part that is as recorded, and not there.</summary>
    DerivedMissing,

    /// <summary>Derived from a part that is as recorded, and other bytes than the manifest says and the part gives.</summary>
    DerivedAltered,

    /// <summary>Derived by another program that wrote down no hash, and not as this one makes it.</summary>
    DerivedUnknown,

    /// <summary>A text of a valid row, and not there.</summary>
    TextMissing,

    /// <summary>A text of a valid row that is longer or shorter than the row says, or does not hold its quotes.</summary>
    TextAltered,
}
