using BatchInference.Pipeline.Results;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BatchInference.Pipeline;

/// <summary>
/// The books: which runs there were, which part holds the valid row of each document, and who runs a job now.
/// A document is settled if and only if the ledger records the part that holds its row.
/// </summary>
public abstract class Ledger : IAsyncDisposable
{
    /// <summary>Hears what befalls the books and no run tells.</summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>True when several machines keep their books here, so that their processes can share a run.</summary>
    public virtual bool IsShared => false;

    /// <summary>Takes the job for one run. Disposing gives it back; the death of the process does too.</summary>
    /// <exception cref="JobIsRunningException">Another process holds it; the exception names it.</exception>
    public abstract Task<JobHold> HoldAsync(string job, JobHolder holder, CancellationToken cancellationToken);

    /// <summary>Who runs the job now; null for nobody.</summary>
    public abstract Task<JobHolder?> HolderAsync(string job, CancellationToken cancellationToken);

    /// <summary>Where the shards of a run wait to be taken.</summary>
    /// <param name="run">The run.</param>
    /// <param name="leads">True for the process that puts them up, and ends the run.</param>
    /// <param name="documents">Gives back the documents that another process listed.</param>
    /// <param name="clock">The clock.</param>
    internal abstract ShardBoard BoardOf(RunId run, bool leads, ShardDocuments documents, TimeProvider clock);

    /// <summary>Refuses from now on whatever a process that still has a shard of this run would record.</summary>
    internal virtual Task RevokeAsync(RunId run, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The processes that shared a run, those that were refused included, in the order in which they came.</summary>
    public virtual Task<IReadOnlyList<NodeRecord>> NodesAsync(RunId run, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<NodeRecord>>([]);

    /// <summary>Opens a run. Recorded before its first part is created, so that no part is ever without its run.</summary>
    public abstract Task BeginAsync(RunRecord run, CancellationToken cancellationToken);

    /// <summary>Says why an open run waits; null when it goes on.</summary>
    public abstract Task PauseAsync(RunId run, string? reason, CancellationToken cancellationToken);

    /// <summary>Closes a run.</summary>
    public abstract Task EndAsync(RunId run, RunEnding ending, CancellationToken cancellationToken);

    /// <summary>Runs of these results that nobody closed, oldest first.</summary>
    public abstract Task<IReadOnlyList<RunRecord>> OpenRunsAsync(ResultScope scope, CancellationToken cancellationToken);

    /// <summary>A run by its name; null when the books know none of that name.</summary>
    public abstract Task<RunRecord?> FindRunAsync(RunId run, CancellationToken cancellationToken);

    /// <summary>What became of the documents of a run, as far as the books tell: rows by status and temporary failures.</summary>
    public abstract Task<RunCounts> CountAsync(RunId run, CancellationToken cancellationToken);

    /// <summary>The newest runs of a job, whatever their output, newest first.</summary>
    public abstract Task<IReadOnlyList<RunRecord>> RunsAsync(string job, int count, CancellationToken cancellationToken);

    /// <summary>The outputs that a job ever ran to, the one of its last run first.</summary>
    public abstract Task<IReadOnlyList<string>> OutputsAsync(string job, CancellationToken cancellationToken);

    /// <summary>What is settled of these documents; those that are not are left out.</summary>
    public abstract Task<IReadOnlyDictionary<string, SettledDocument>> FindAsync(ResultScope scope, IReadOnlyCollection<string> paths, CancellationToken cancellationToken);

    /// <summary>The same of listed documents that hold documents, each as a whole: <see cref="RowStatus.Failed"/> when some document inside has failed for good.</summary>
    public abstract Task<IReadOnlyDictionary<string, SettledDocument>> FindContainersAsync(ResultScope scope, IReadOnlyCollection<string> paths, CancellationToken cancellationToken);

    /// <summary>Records a shard in one transaction: its part, the documents it settles, containers read to their end, documents found unchanged, those that failed.</summary>
    /// <exception cref="LateWriterException">Another process has taken the job.</exception>
    public abstract Task SettleAsync(Settlement settlement, CancellationToken cancellationToken);

    /// <summary>Every part of these results, by date, run and shard.</summary>
    public abstract IAsyncEnumerable<PartRecord> PartsAsync(ResultScope scope, CancellationToken cancellationToken);

    /// <summary>The parts of one run, by shard.</summary>
    public abstract Task<IReadOnlyList<PartRecord>> PartsOfAsync(RunId run, CancellationToken cancellationToken);

    /// <summary>The documents whose valid row lies in this part.</summary>
    public abstract Task<IReadOnlySet<string>> ValidInAsync(PartRecord part, CancellationToken cancellationToken);

    /// <summary>Tells which part holds the valid row of each document of these results, all as of one moment and in no order.</summary>
    /// <param name="scope">The results.</param>
    /// <param name="read">Is given one after the other; is called anew when the way to the books broke meanwhile.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public abstract Task ReadValidAsync(ResultScope scope, Func<IAsyncEnumerable<ValidRow>, Task> read, CancellationToken cancellationToken);

    /// <summary>The documents that failed in a run and have not been answered since, in ordinal order of their UTF-8 names.</summary>
    public abstract IAsyncEnumerable<FailureRecord> FailuresOfAsync(RunId run, CancellationToken cancellationToken);

    /// <summary>The documents of these results that have no answer now, by stage, reason and name; those that are gone from the source are told as such.</summary>
    public abstract IAsyncEnumerable<FailureRecord> FailuresAsync(ResultScope scope, CancellationToken cancellationToken);

    /// <summary>Takes note of what a whole list of the source says of documents that failed. Said twice, it is the same.</summary>
    /// <param name="scope">The results.</param>
    /// <param name="gone">Those that the source no longer has.</param>
    /// <param name="there">Those that it has.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public abstract Task NoteGoneAsync(ResultScope scope, IReadOnlyCollection<string> gone, IReadOnlyCollection<string> there, CancellationToken cancellationToken);

    /// <summary>Suspects the documents that a process had in hand when it died. Said twice, it is the same.</summary>
    public abstract Task SuspectAsync(Fall fall, CancellationToken cancellationToken);

    /// <summary>The documents that are suspected, by name; one that is settled is none any more.</summary>
    public abstract Task<IReadOnlyDictionary<string, Suspect>> SuspectsAsync(ResultScope scope, CancellationToken cancellationToken);

    /// <summary>Lets the next run try the permanent failures of these results again, opening the containers that hold them, and suspects nobody of them any more; gives the number of failures that the source still has.</summary>
    public abstract Task<long> RetryAsync(ResultScope scope, CancellationToken cancellationToken);

    /// <summary>Lets the next run do the documents again whose valid row lies in this part; gives their number.</summary>
    public abstract Task<long> RedoAsync(PartRecord part, CancellationToken cancellationToken);

    /// <summary>What is damaged in the books themselves; reads all of them.</summary>
    public abstract Task<IReadOnlyList<string>> DamagesAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the ledger holds open.</summary>
    protected abstract ValueTask CloseAsync();
}
