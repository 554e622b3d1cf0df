using System.Text.Json.Serialization;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.Pipeline.Results;

namespace BatchInference.Pipeline;

/// <summary>Within what a document is settled: another output does the work again.</summary>
/// <param name="Job">The job's name.</param>
/// <param name="Output">As <see cref="ResultSink.Identity"/>.</param>
public sealed record ResultScope(string Job, string Output);

/// <summary>Who runs a job.</summary>
/// <param name="Run">The run's name.</param>
/// <param name="Host">The machine.</param>
/// <param name="ProcessId">The process on it.</param>
/// <param name="Since">When it began.</param>
public sealed record JobHolder(RunId Run, string Host, int ProcessId, DateTimeOffset Since);

/// <summary>Another process runs the job.</summary>
public sealed class JobIsRunningException(string job, JobHolder? holder) : Exception(holder is null
    ? $"Job '{job}' is being run by another process. Wait for its end, or stop it."
    : $"Job '{job}' is being run by process {holder.ProcessId} on {holder.Host} since {holder.Since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC (run {holder.Run}). Wait for its end, or stop it.")
{
    /// <summary>Who runs it; null when that could not be read.</summary>
    public JobHolder? Holder { get; } = holder;
}

/// <summary>The job was taken by another process while this one was away, so nothing of it is recorded any more.</summary>
public sealed class LateWriterException(string job) : Exception(
    $"Another process took over job '{job}' while this one was away for longer than its lease. What this one had in hand is discarded; the other does it.");

/// <summary>A shard was taken by another process while this one was away, so nothing more of it is recorded.</summary>
internal sealed class ShardTakenException(int shard) : Exception($"Shard {shard} was taken by another process.");

/// <summary>What a record says of the shard it belongs to.</summary>
/// <param name="Shard">Its number.</param>
/// <param name="Token">As <see cref="Shard.Token"/>.</param>
/// <param name="Step">What becomes of the shard.</param>
/// <param name="Share">What was done of it until now.</param>
internal sealed record ShardClaim(int Shard, long Token, ShardStep Step, ShardShare Share);

/// <summary>What becomes of a shard with a record.</summary>
internal enum ShardStep
{
    /// <summary>More comes.</summary>
    GoesOn,

    /// <summary>All of it is in the books.</summary>
    Done,

    /// <summary>The process stops; who takes the shard next does the rest.</summary>
    GivenBack,
}

/// <summary>A run in the books.</summary>
public sealed record RunRecord
{
    /// <summary>The run's name.</summary>
    public required RunId Run { get; init; }

    /// <summary>Whose results it adds to.</summary>
    public required ResultScope Scope { get; init; }

    /// <summary>The date of its parts' folder.</summary>
    public required DateOnly RunDate { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>As <see cref="RunPlan.WorkFingerprint"/>.</summary>
    public required string Work { get; init; }

    /// <summary>Fingerprint of what extracts texts.</summary>
    public required string Extraction { get; init; }

    /// <summary>What closing it needs, should another process have to (JSON).</summary>
    public required string Header { get; init; }

    /// <summary>How far it was when it last recorded something; null before.</summary>
    public RunPace? Pace { get; init; }

    /// <summary>Why it waits; null while it goes on.</summary>
    public string? Paused { get; init; }

    /// <summary>How it ended; null while it is open.</summary>
    public RunEnding? Ending { get; init; }
}

/// <summary>How far a run is.</summary>
/// <param name="Handled">Listed documents that it has done with.</param>
/// <param name="Expected">Those that it found to be done; null while they are counted.</param>
public sealed record RunPace(long Handled, long? Expected);

/// <summary>How a run ended, in the books.</summary>
/// <param name="Ended">When.</param>
/// <param name="End">How.</param>
/// <param name="Reason">Why before all was done.</param>
/// <param name="Counts">What became of the documents.</param>
/// <param name="Remaining">Documents still to be done, where counted.</param>
/// <param name="HasFolder">False where there was nothing to tell.</param>
public sealed record RunEnding(DateTimeOffset Ended, RunEnd End, string? Reason, RunCounts Counts, long? Remaining, bool HasFolder)
{
    /// <summary>The first document that was still to be done when it was asked to stop: the next run begins with it. Null when nothing was left.</summary>
    public string? Next { get; init; }

    /// <summary>As <see cref="RunReport.LeavesOthers"/>.</summary>
    public bool LeavesOthers { get; init; }

    /// <summary>True when no document of the source is left to be done.</summary>
    [JsonIgnore]
    public bool IsWhole => End == RunEnd.Complete && !LeavesOthers;
}

/// <summary>What the books say of a settled document.</summary>
/// <param name="Version">The listed version that was settled.</param>
/// <param name="Sha256">Of its content; null where it could not be read.</param>
/// <param name="Status">What its row says.</param>
/// <param name="Work">The work it was settled under.</param>
/// <param name="Extraction">What extracted it.</param>
/// <param name="Retry">True when an admin asked for another try, or the last try failed temporarily.</param>
/// <param name="Run">The run whose part holds its row.</param>
public sealed record SettledDocument(string Version, string? Sha256, RowStatus Status, string Work, string Extraction, bool Retry, RunId Run);

/// <summary>A part in the books.</summary>
/// <param name="Run">The run that published it.</param>
/// <param name="RunDate">The date of its folder.</param>
/// <param name="Shard">Its shard.</param>
/// <param name="Rows">How many rows it has.</param>
/// <param name="Bytes">Length of its JSON lines.</param>
/// <param name="Sha256">Of its JSON lines, in lower-case hexadecimal.</param>
public sealed record PartRecord(RunId Run, DateOnly RunDate, int Shard, int Rows, long Bytes, string Sha256);

/// <summary>Where the valid row of a document lies.</summary>
/// <param name="Run">The run that published the part.</param>
/// <param name="Shard">The part's shard.</param>
/// <param name="Path">The document.</param>
public sealed record ValidRow(RunId Run, int Shard, string Path)
{
    /// <summary>True of a document that the container of this name no longer holds.</summary>
    public bool IsGone { get; init; }
}

/// <summary>What one shard adds to the books.</summary>
/// <param name="Run">The run, open in the books.</param>
/// <param name="Part">The part that was published; null when the shard has no row.</param>
/// <param name="Settled">The documents of its rows.</param>
/// <param name="Unchanged">Documents with a new version and the content of their last row.</param>
/// <param name="Failures">Documents without an answer, permanently or not. Documents in the lists before have no failure but the one given here.</param>
public sealed record Settlement(
    RunId Run, PartRecord? Part, IReadOnlyList<SettledRow> Settled, IReadOnlyList<UnchangedDocument> Unchanged, IReadOnlyList<FailureRecord> Failures)
{
    /// <summary>How far the run is; null where that is not told.</summary>
    public RunPace? Pace { get; init; }

    /// <summary>As <see cref="JobHold.Token"/>; null where nobody can be late, or where the shard has a token of its own.</summary>
    public long? Token { get; init; }

    /// <summary>Of a shard that other processes might take; null where there are none.</summary>
    internal ShardClaim? Claim { get; init; }

    /// <summary>Listed documents of which every document inside is settled, here or before.</summary>
    public IReadOnlyList<SettledContainer> Containers { get; init; } = [];

    /// <summary>Listed documents that were containers and hold nothing any more.</summary>
    public IReadOnlyList<DocumentId> Emptied { get; init; } = [];
}

/// <summary>A listed document that holds documents, read to its end: it is opened again only when it changes, or what reads it does.</summary>
/// <param name="Path">The listed document.</param>
/// <param name="Version">Its listed version.</param>
/// <param name="Sha256">Of its content.</param>
/// <param name="Status"><see cref="RowStatus.Failed"/> when some document inside has failed for good.</param>
/// <param name="Retry">True when some document inside is to be tried again.</param>
/// <param name="HasOwnRow">False when it has no text of its own: an earlier row of its name is no longer valid.</param>
public sealed record SettledContainer(string Path, string Version, string Sha256, RowStatus Status, bool Retry, bool HasOwnRow);

/// <summary>A document that a part's row settles.</summary>
public sealed record SettledRow(string Path, string Version, string? Sha256, RowStatus Status);

/// <summary>A document that was touched, not changed.</summary>
public sealed record UnchangedDocument(string Path, string Version);

/// <summary>A document without an answer.</summary>
/// <param name="Path">The document.</param>
/// <param name="Version">Its listed version.</param>
/// <param name="Failure">Why.</param>
/// <param name="Run">The run that found it so.</param>
/// <param name="At">When.</param>
public sealed record FailureRecord(string Path, string Version, DocumentFailure Failure, RunId Run, DateTimeOffset At)
{
    /// <summary>Of its content; null where it could not be read.</summary>
    public string? Sha256 { get; init; }

    /// <summary>True when the last whole list of the source had it no more, or the last reading of its container did not come to it.</summary>
    public bool IsGone { get; init; }
}
