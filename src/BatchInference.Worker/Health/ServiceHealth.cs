using System.Globalization;
using System.Text.Json.Nodes;

namespace BatchInference.Worker.Health;

/// <summary>How the service was at a beat of its pulse.</summary>
/// <param name="At">When.</param>
/// <param name="Wrong">Why it does not live; null while it does.</param>
/// <param name="Stopping">True when it was asked to stop.</param>
/// <param name="Says">What it does, in words.</param>
internal sealed record Heartbeat(DateTimeOffset At, string? Wrong, bool Stopping, string Says);

/// <summary>What a probe is told. Live: the service does what it is for, or else is to be started anew. Ready: it is up, and the next night can open.</summary>
internal sealed record HealthReport(bool Live, bool Ready, string Says, DateTimeOffset? At)
{
    public JsonObject ToJson() => new()
    {
        ["live"] = Live,
        ["ready"] = Ready,
        ["says"] = Says,
        ["at"] = At?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
    };
}

/// <summary>How the service is, by its last beat. A pulse that has stopped beating is itself no life. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class ServiceHealth(TimeProvider time)
{
    // A beat that came late twice is still none that is missing.
    private const int BeatsThatMayBeMissing = 3;

    private volatile Beat? last;

    /// <summary>Called at each beat.</summary>
    /// <param name="heartbeat">How it is.</param>
    /// <param name="next">When the next one is to be expected.</param>
    public void Tell(Heartbeat heartbeat, TimeSpan next) => last = new Beat(heartbeat, next, time.GetTimestamp());

    public HealthReport Report()
    {
        if (last is not { } beat)
            return new HealthReport(true, false, "Starts", null);
        var silent = time.GetElapsedTime(beat.Timestamp);
        if (silent > BeatsThatMayBeMissing * beat.Next)
            return new HealthReport(false, false, string.Create(CultureInfo.InvariantCulture, $"The pulse has stopped for {silent.TotalSeconds:0} seconds."), beat.Heartbeat.At);
        var (at, wrong, stopping, says) = beat.Heartbeat;
        return new HealthReport(wrong is null, wrong is null && !stopping, wrong ?? says, at);
    }

    private sealed record Beat(Heartbeat Heartbeat, TimeSpan Next, long Timestamp);
}
