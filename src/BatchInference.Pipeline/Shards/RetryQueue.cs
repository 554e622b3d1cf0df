using BatchInference.Documents.Extraction;
using BatchInference.Pipeline.Suspects;

namespace BatchInference.Pipeline;

/// <summary>
/// Documents that failed temporarily and are worth another try by this run, each when its delay is over; a policy without I/O. Thread-safe: the write loop adds, the feed takes.
/// </summary>
/// <param name="delays">How long a document waits before its first, second … further try; as many tries as there are delays.</param>
/// <param name="time">The clock.</param>
/// <param name="suspects">Where those wait that are to be done alone; null where nobody is suspected.</param>
internal sealed class RetryQueue(IReadOnlyList<TimeSpan> delays, TimeProvider time, WaitingSuspects? suspects = null)
{
    // What is above is left to the next run, so that a storage that is down does not fill the memory.
    private const int Most = 1000;

    private readonly Lock turn = new();
    private readonly List<(Pending Pending, string Path, DocumentFailure Failure, long Since, TimeSpan Delay)> waiting = [];

    /// <summary>Keeps a failed document for another try; false when it had its last one.</summary>
    public bool TryAdd(Pending pending, string path, DocumentFailure failure)
    {
        if (suspects?.TryAdd(pending, path, failure) == true)
            return true;
        lock (turn)
        {
            if (pending.Attempt >= delays.Count || waiting.Count >= Most)
                return false;
            waiting.Add((pending, path, failure, time.GetTimestamp(), delays[pending.Attempt]));
            return true;
        }
    }

    /// <summary>Lets go of documents that another process does.</summary>
    public void Forget(IReadOnlyList<Pending> documents)
    {
        suspects?.Forget(documents);
        lock (turn)
            waiting.RemoveAll(one => documents.Contains(one.Pending));
    }

    /// <summary>How long until the first of them is due, zero or less when it is; null when there is none.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            lock (turn)
                return waiting.Count == 0 ? null : waiting.Min(one => Left(one.Since, one.Delay));
        }
    }

    /// <summary>How many are due.</summary>
    public int Due
    {
        get
        {
            lock (turn)
                return waiting.Count(one => Left(one.Since, one.Delay) <= TimeSpan.Zero);
        }
    }

    /// <summary>Takes listed documents of which something is due, with all that failed of them; gives the earlier failures too, which no longer count.</summary>
    /// <param name="most">At most so many.</param>
    public (IReadOnlyList<Pending> Documents, IReadOnlyList<DocumentFailure> Failures) TakeDue(int most)
    {
        lock (turn)
        {
            var due = waiting.Where(one => Left(one.Since, one.Delay) <= TimeSpan.Zero).Select(one => one.Pending).Distinct().Take(most).ToHashSet();
            var taken = waiting.Where(one => due.Contains(one.Pending)).ToArray();
            waiting.RemoveAll(one => due.Contains(one.Pending));
            return ([.. taken.GroupBy(one => one.Pending, one => one.Path).Select(group => group.Key.Again(group.ToHashSet(StringComparer.Ordinal)))], [.. taken.Select(one => one.Failure)]);
        }
    }

    // By a clock that nobody sets.
    private TimeSpan Left(long since, TimeSpan delay) => delay - time.GetElapsedTime(since);
}
