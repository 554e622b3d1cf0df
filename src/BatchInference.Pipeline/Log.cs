using Microsoft.Extensions.Logging;

namespace BatchInference.Pipeline;

/// <summary>Everything the pipeline logs. Names of documents, never their text.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Run {Run} of {Job} began: {Source} to {Output}")]
    public static partial void RunBegan(this ILogger logger, RunId run, string job, string source, string output);

    [LoggerMessage(2, LogLevel.Information, "Run {Run} ended: {End}, {Done} rows in {Parts} parts, {Temporary} documents to be tried again")]
    public static partial void RunEnded(this ILogger logger, RunId run, RunEnd end, long done, int parts, long temporary);

    [LoggerMessage(3, LogLevel.Error, "Run {Run} could not go on")]
    public static partial void RunFailed(this ILogger logger, Exception exception, RunId run);

    [LoggerMessage(4, LogLevel.Information, "Run {Run} published part {Shard}: {Rows} rows, {Bytes} bytes")]
    public static partial void PartPublished(this ILogger logger, RunId run, int shard, int rows, long bytes);

    [LoggerMessage(5, LogLevel.Warning, "Run {Run} had been left open by its process; it was closed")]
    public static partial void RunClosed(this ILogger logger, RunId run);

    [LoggerMessage(6, LogLevel.Warning, "Part {Name} had no record; its {Rows} rows were taken over")]
    public static partial void PartAdopted(this ILogger logger, string name, int rows);

    [LoggerMessage(7, LogLevel.Warning, "Part {Name} had no record and is not whole; it was removed")]
    public static partial void PartRemoved(this ILogger logger, Exception exception, string name);

    [LoggerMessage(8, LogLevel.Warning, "File {Name} was missing beside its part; it was made again")]
    public static partial void FileMadeAgain(this ILogger logger, string name);

    [LoggerMessage(9, LogLevel.Warning, "Run {Run}, shard {Shard}: {Model} failed for {Document}; the document is the cause: {Guilty}")]
    public static partial void InferenceFailed(this ILogger logger, Exception exception, RunId run, int shard, string document, string model, bool guilty);

    [LoggerMessage(10, LogLevel.Information, "Run {Run}, shard {Shard}: {Document} failed at {Stage} (permanent: {Permanent})")]
    public static partial void DocumentFailed(this ILogger logger, RunId run, int shard, string document, string stage, bool permanent);

    [LoggerMessage(11, LogLevel.Warning, "{Warning}")]
    public static partial void Warned(this ILogger logger, string warning);

    [LoggerMessage(12, LogLevel.Information, "Run {Run} tries {Documents} documents with temporary failures once more")]
    public static partial void TryingAgain(this ILogger logger, RunId run, int documents);

    [LoggerMessage(13, LogLevel.Warning, "Run {Run} came late with part {Shard}: another process has the job; the part was discarded")]
    public static partial void PartCameLate(this ILogger logger, RunId run, int shard);

    [LoggerMessage(15, LogLevel.Warning, "Run {Run}: shard {Shard} was taken by another node while this one was away; what was done of it here is discarded")]
    public static partial void ShardTaken(this ILogger logger, RunId run, int shard);

    [LoggerMessage(16, LogLevel.Information, "Shares run {Run} of {Job}, which another node leads")]
    public static partial void SharingRun(this ILogger logger, RunId run, string job);

    [LoggerMessage(17, LogLevel.Information, "Shared run {Run}: {Rows} rows in {Parts} parts are from here")]
    public static partial void SharedRun(this ILogger logger, RunId run, int parts, long rows);

    [LoggerMessage(18, LogLevel.Warning, "{Reason}")]
    public static partial void NodeRefused(this ILogger logger, string reason);

    [LoggerMessage(14, LogLevel.Warning, "Part {Name} was left by a process that came late to its closed run; it was removed")]
    public static partial void LatePartRemoved(this ILogger logger, string name);

    [LoggerMessage(29, LogLevel.Warning, "A sign of life did not reach the database of the ledger; it is given again")]
    public static partial void NoSignOfLife(this ILogger logger, Exception exception);

    [LoggerMessage(24, LogLevel.Warning, "Run {Run} does not say any more what it has in hand; a document that brings the worker down is not found out")]
    public static partial void InHandGivenUp(this ILogger logger, Exception exception, RunId run);

    [LoggerMessage(25, LogLevel.Warning, "Run {Run} ended by the death of its process with {Documents} documents in hand (alone: {Alone}); they are done last, one by one")]
    public static partial void Fell(this ILogger logger, RunId run, int documents, bool alone);

    [LoggerMessage(26, LogLevel.Information, "Run {Run} does {Document} with nothing beside it, since the worker died with it in hand")]
    public static partial void DoingAlone(this ILogger logger, RunId run, string document);

    [LoggerMessage(27, LogLevel.Warning, "{Model} failed for {Documents} documents in a row, and no longer answers what it answered before; the documents wait")]
    public static partial void ModelSilent(this ILogger logger, Exception exception, string model, int documents);

    [LoggerMessage(28, LogLevel.Information, "{Model} answers again")]
    public static partial void ModelAnswers(this ILogger logger, string model);

    [LoggerMessage(20, LogLevel.Warning, "Run {Run} keeps no journal any more; should its process die, what is in no part yet is computed again")]
    public static partial void JournalGivenUp(this ILogger logger, Exception exception, RunId run);

    [LoggerMessage(21, LogLevel.Warning, "Journal {File} is no longer needed and could not be removed; a later run removes it")]
    public static partial void JournalStayed(this ILogger logger, Exception exception, string file);

    [LoggerMessage(22, LogLevel.Warning, "Run {Run} had computed {Rows} rows that were in no part; they were published as part {Part}")]
    public static partial void JournalPublished(this ILogger logger, RunId run, int rows, int part);

    [LoggerMessage(23, LogLevel.Warning, "Journal {File} could not be read; what it held is computed again")]
    public static partial void JournalUnreadable(this ILogger logger, Exception exception, string file);
}
