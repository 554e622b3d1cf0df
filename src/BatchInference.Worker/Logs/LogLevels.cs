using BatchInference.Worker.Configuration;
using Microsoft.Extensions.Logging;

namespace BatchInference.Worker.Logs;

/// <summary>Which messages are told; may be set anew while the service runs.</summary>
internal sealed class LogLevels
{
    // The scheduler tells each of its steps.
    private static readonly (string Prefix, LogLevel Level) Quartz = ("Quartz", LogLevel.Warning);

    private volatile State state = new(LogLevel.Information, [Quartz], LogLevel.Warning);

    public void Set(LoggingSettings settings) => state = new State(
        Level(settings.Level),
        [.. settings.Categories.Select(one => (one.Key, Level(one.Value))).OrderByDescending(one => one.Key.Length), Quartz],
        settings.EventLog == "off" ? LogLevel.None : Level(settings.EventLog));

    /// <summary>True when a message is to be told; the longest prefix of its category decides.</summary>
    public bool Tells(string? category, LogLevel level)
    {
        var now = state;
        foreach (var (prefix, least) in now.Categories)
            if (category is not null && category.StartsWith(prefix, StringComparison.Ordinal) && (category.Length == prefix.Length || category[prefix.Length] == '.'))
                return level >= least;
        return level >= now.Default;
    }

    /// <summary>True when the event log of Windows gets it too.</summary>
    public bool TellsEventLog(string? category, LogLevel level) => level >= state.EventLog && Tells(category, level);

    private static LogLevel Level(string name) => Enum.Parse<LogLevel>(name, ignoreCase: true);

    private sealed record State(LogLevel Default, IReadOnlyList<(string Prefix, LogLevel Level)> Categories, LogLevel EventLog);
}
