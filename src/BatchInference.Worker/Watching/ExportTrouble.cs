using System.Diagnostics.Tracing;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace BatchInference.Worker.Watching;

/// <summary>OpenTelemetry tells of a collector that cannot be reached only here; an admin reads it in the log, once until it is well again for a while.</summary>
internal sealed class ExportTrouble : EventListener
{
    private const string Exporter = "OpenTelemetry-Exporter-OpenTelemetryProtocol";
    private const int LongestReason = 300;

    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(10);

    private readonly string endpoint;
    private readonly ILogger logger;
    private long told;

    public ExportTrouble(string endpoint, ILogger logger)
    {
        (this.endpoint, this.logger) = (endpoint, logger);
        foreach (var source in EventSource.GetSources())
            OnEventSourceCreated(source);
    }

    // Also called by the base, before the fields are set.
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Exporter)
            EnableEvents(eventSource, EventLevel.Warning);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        var now = TimeProvider.System.GetTimestamp();
        var before = Interlocked.Read(ref told);
        if (logger is null || (before != 0 && TimeProvider.System.GetElapsedTime(before, now) < Quiet) || Interlocked.CompareExchange(ref told, now, before) != before)
            return;
        var reason = string.Format(CultureInfo.InvariantCulture, eventData.Message ?? "", [.. eventData.Payload ?? []]).ReplaceLineEndings(" ");
        logger.NotExported(endpoint, reason.Length <= LongestReason ? reason : reason[..LongestReason] + "…");
    }
}
