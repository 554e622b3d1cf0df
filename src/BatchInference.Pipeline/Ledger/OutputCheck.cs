using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using BatchInference.Pipeline.Results;

namespace BatchInference.Pipeline;

/// <summary>Compares the parts that the books record with the files that the output has: every file is read.</summary>
public sealed class OutputCheck(ResultSink sink, Ledger ledger)
{
    /// <summary>Compares; gives what does not agree, recorded parts first, by date.</summary>
    /// <param name="job">The job.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public async IAsyncEnumerable<PartFinding> RunAsync(string job, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var scope = new ResultScope(job, sink.Identity);
        // Names of parts, not of documents: some thousand for a million documents.
        var recorded = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var part in ledger.PartsAsync(scope, cancellationToken))
        {
            var name = PartNames.Of(PartNames.Jsonl, part);
            recorded.Add(name);
            if (await FaultOfAsync(name, part, cancellationToken) is not { } fault)
                continue;
            // What later parts have superseded is missed by nobody.
            var valid = (await ledger.ValidInAsync(part, cancellationToken)).Count;
            if (valid > 0)
                yield return new PartFinding(fault, name, part, valid);
        }

        var open = (await ledger.OpenRunsAsync(scope, cancellationToken)).Select(run => run.Run.ToString()).ToArray();
        await foreach (var name in sink.ListAsync(PartNames.Jsonl, cancellationToken))
            if (!recorded.Contains(name))
                yield return new PartFinding(open.Any(run => name.Contains(run, StringComparison.Ordinal)) ? PartFault.Unrecorded : PartFault.Foreign, name, null, 0);
    }

    private async Task<PartFault?> FaultOfAsync(string name, PartRecord part, CancellationToken cancellationToken)
    {
        await using var stream = await sink.OpenAsync(name, cancellationToken);
        if (stream is null)
            return PartFault.Missing;
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken)) == part.Sha256 ? null : PartFault.Altered;
    }
}

/// <summary>A part whose record and file do not agree.</summary>
/// <param name="Fault">How.</param>
/// <param name="Name">Of its JSON lines in the output.</param>
/// <param name="Part">Its record; null where there is none.</param>
/// <param name="Documents">How many documents have their valid row in it, by the books.</param>
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
}
