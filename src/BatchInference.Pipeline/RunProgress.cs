using BatchInference.Documents.Extraction;
using System.Collections.Concurrent;

namespace BatchInference.Pipeline;

/// <summary>Counts what a run does, for whoever watches. Thread-safe.</summary>
public sealed class RunProgress(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, long> failures = new(StringComparer.Ordinal);
    private readonly long[] outcomes = new long[Enum.GetValues<OutcomeKind>().Length];
    private long listed, skipped, handled, settled, members, read, inferred, queued, firstInference, waits, total = -1;

    /// <summary>What the run waits for.</summary>
    public RunPauses Pauses { get; } = new(time);

    /// <summary>What was counted until now.</summary>
    public ProgressSnapshot Snapshot()
    {
        var counts = Counts;
        var seconds = Seconds;
        var tokens = Interlocked.Read(ref inferred);
        TimeSpan? left = Total is { } all && Handled > 0 && seconds > 0 ? TimeSpan.FromSeconds(Math.Max(0, all - Handled) * seconds / Handled) : null;
        return new ProgressSnapshot(counts, Handled, Total, tokens, seconds > 0 ? tokens / seconds : 0, left, failures.ToDictionary(StringComparer.Ordinal))
        {
            Paused = Pauses.Reason,
        };
    }

    /// <summary>Listed documents to be done; null while they are being counted.</summary>
    public long? Total => Interlocked.Read(ref total) is >= 0 and var all ? all : null;

    /// <summary>The documents of the run until now.</summary>
    public RunCounts Counts => new()
    {
        Listed = Interlocked.Read(ref listed),
        Skipped = Interlocked.Read(ref skipped),
        Unchanged = Of(OutcomeKind.Unchanged),
        Completed = Of(OutcomeKind.Completed),
        Partial = Of(OutcomeKind.Partial),
        Failed = Of(OutcomeKind.Failed),
        Temporary = Of(OutcomeKind.Temporary),
        Members = Interlocked.Read(ref members),
        Tokens = Interlocked.Read(ref read),
    };

    /// <summary>Listed documents of which everything came home.</summary>
    public long Handled => Interlocked.Read(ref handled);

    /// <summary>Those of them of which nothing is to be tried again.</summary>
    public long SettledDocuments => Interlocked.Read(ref settled);

    /// <summary>Listed documents that came home in a second, since the first inference; 0 before.</summary>
    public double DocumentsPerSecond => Seconds is > 0 and var seconds ? Handled / seconds : 0;

    /// <summary>How long it takes, at the pace until now, to infer what was read and waits for it; zero while there is no pace.</summary>
    public TimeSpan Drain => Seconds is > 0 and var seconds && Interlocked.Read(ref inferred) is > 0 and var done ? TimeSpan.FromSeconds(Math.Max(0, Interlocked.Read(ref queued)) * seconds / done) : TimeSpan.Zero;

    /// <summary>How often the run told that it waits for something and lives: outside of it, or for a document that may take its time.</summary>
    public long Waits => Interlocked.Read(ref waits);

    /// <summary>Tells that the run waits, and lives.</summary>
    public void Waited() => Interlocked.Increment(ref waits);

    private double Seconds => Interlocked.Read(ref firstInference) is not 0 and var began ? time.GetElapsedTime(began).TotalSeconds : 0;

    private long Of(OutcomeKind kind) => Interlocked.Read(ref outcomes[(int)kind]);

    internal void Listed(int documents, int settled)
    {
        Interlocked.Add(ref listed, documents);
        Interlocked.Add(ref skipped, settled);
    }

    internal void Pending(long documents) => Interlocked.Exchange(ref total, documents);

    internal void Began() => Interlocked.CompareExchange(ref firstInference, time.GetTimestamp(), 0);

    /// <summary>Tells that so many tokens came to wait for inference, or, where negative, do no more.</summary>
    internal void Queued(long tokens) => Interlocked.Add(ref queued, tokens);

    internal void Inferred(long tokens) => Interlocked.Add(ref inferred, tokens);

    /// <param name="outcome">What became of it.</param>
    /// <param name="isMember">True for a document inside another.</param>
    internal void Finished(DocumentOutcome outcome, bool isMember = false)
    {
        if (isMember && outcome.Row is not null)
            Interlocked.Increment(ref members);
        Interlocked.Increment(ref outcomes[(int)outcome.Kind]);
        Interlocked.Add(ref read, outcome.Row?.TokensRead ?? 0);
        if (outcome.Failure is { } failure)
            failures.AddOrUpdate(failure.Stage, 1, (_, count) => count + 1);
    }

    /// <summary>Everything of a listed document came home.</summary>
    internal void Home(bool isSettled, bool again)
    {
        if (!again)
            Interlocked.Increment(ref handled);
        if (isSettled)
            Interlocked.Increment(ref settled);
    }

    internal void TriedAgain(DocumentFailure earlier)
    {
        Interlocked.Decrement(ref outcomes[(int)OutcomeKind.Temporary]);
        failures.AddOrUpdate(earlier.Stage, 0, (_, count) => count - 1);
    }
}

/// <summary>A moment of a run.</summary>
/// <param name="Counts">The documents until now.</param>
/// <param name="Handled">Listed documents that are done with, whatever became of them.</param>
/// <param name="Total">Listed documents to be done; null while they are being counted.</param>
/// <param name="Tokens">Tokens inferred until now: unlike those of the counts, once for each model and once more for each further try.</param>
/// <param name="TokensPerSecond">Since the first inference.</param>
/// <param name="TimeLeft">At the pace until now; null while it cannot be told.</param>
/// <param name="Failures">Failed documents by stage.</param>
public sealed record ProgressSnapshot(
    RunCounts Counts, long Handled, long? Total, long Tokens, double TokensPerSecond, TimeSpan? TimeLeft, IReadOnlyDictionary<string, long> Failures)
{
    /// <summary>Why nothing goes on now; null while all does.</summary>
    public string? Paused { get; init; }
}
