using BatchInference.Pipeline;
using Microsoft.Extensions.Logging;

namespace BatchInference.Worker;

/// <summary>Everything the service logs. Names of jobs, never the text of documents.</summary>
internal static partial class Log
{
    [LoggerMessage(101, LogLevel.Information, "Job {Job} is scheduled; it opens next at {Opens:u}")]
    public static partial void Scheduled(this ILogger logger, string job, DateTimeOffset? opens);

    [LoggerMessage(102, LogLevel.Warning, "No enabled job has a schedule; the service waits")]
    public static partial void NothingScheduled(this ILogger logger);

    [LoggerMessage(103, LogLevel.Information, "Job {Job} opened for the night of {Date:yyyy-MM-dd}; it closes at {Closes:u}")]
    public static partial void Opened(this ILogger logger, string job, DateOnly date, DateTimeOffset closes);

    [LoggerMessage(104, LogLevel.Error, "Job {Job} is not fit to run, and is looked at again in its night: {Errors}")]
    public static partial void Unfit(this ILogger logger, string job, string errors);

    [LoggerMessage(105, LogLevel.Information, "Job {Job} ended its run {Run}: {End}, {Completed} completed, {Partial} partial, {Failed} failed, {Temporary} to be tried again ({Reason})")]
    public static partial void NightEnded(this ILogger logger, string job, RunId run, RunEnd end, long completed, long partial, long failed, long temporary, string? reason);

    [LoggerMessage(106, LogLevel.Error, "Job {Job} could not run this night")]
    public static partial void NightFailed(this ILogger logger, Exception exception, string job);

    [LoggerMessage(107, LogLevel.Warning, "Job {Job} did not start: {Reason}")]
    public static partial void AlreadyRunning(this ILogger logger, string job, string reason);

    [LoggerMessage(110, LogLevel.Warning, "{What}")]
    public static partial void Told(this ILogger logger, string what);

    [LoggerMessage(108, LogLevel.Information, "{What}")]
    public static partial void Stopping(this ILogger logger, string what);

    [LoggerMessage(109, LogLevel.Warning, "Job {Job} let go of everything; the next run puts it in order")]
    public static partial void LetGo(this ILogger logger, string job);

    [LoggerMessage(113, LogLevel.Critical, "The service does not live any more and is to be started anew: {Reason}")]
    public static partial void Lifeless(this ILogger logger, string reason);

    [LoggerMessage(114, LogLevel.Warning, "The health file {File} cannot be written: {Reason} Give the service the right to write there, or set Health.File anew")]
    public static partial void NoHealthFile(this ILogger logger, string file, string reason);

    [LoggerMessage(115, LogLevel.Warning, "The file of metrics {File} cannot be written: {Reason} Give the service the right to write there, or set Telemetry.PrometheusFile anew")]
    public static partial void NoMetricsFile(this ILogger logger, string file, string reason);

    [LoggerMessage(116, LogLevel.Warning, "Metrics or spans do not reach {Endpoint} (Telemetry.Otlp.Endpoint); the work goes on without: {Reason}")]
    public static partial void NotExported(this ILogger logger, string endpoint, string reason);

    [LoggerMessage(117, LogLevel.Warning, "The books cannot be asked for the last runs; metrics of them are old: {Reason}")]
    public static partial void LastRunsUnknown(this ILogger logger, string reason);

    [LoggerMessage(118, LogLevel.Information, "Job {Job}: how the night of {Night:yyyy-MM-dd} went was told by {Channel}")]
    public static partial void NoticeSent(this ILogger logger, string job, DateOnly night, string channel);

    [LoggerMessage(119, LogLevel.Error, "Job {Job}: how the night of {Night:yyyy-MM-dd} went could not be told by {Channel}: {Reason}")]
    public static partial void NoticeNotSent(this ILogger logger, string job, DateOnly night, string channel, string reason);

    [LoggerMessage(120, LogLevel.Debug, "Job {Job}: the night of {Night:yyyy-MM-dd} was done and told before; nobody is told again")]
    public static partial void ToldBefore(this ILogger logger, string job, DateOnly night);

    [LoggerMessage(111, LogLevel.Information, "The configuration was read anew: {Jobs} jobs; a night that is open ends by the old one")]
    public static partial void Reloaded(this ILogger logger, int jobs);

    [LoggerMessage(112, LogLevel.Error, "The configuration that was written is wrong, and the old one is kept: {Errors}")]
    public static partial void NotReloaded(this ILogger logger, string errors);
}
