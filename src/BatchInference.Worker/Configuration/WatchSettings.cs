namespace BatchInference.Worker.Configuration;

/// <summary>How the program is watched; what the keys mean stands in <see cref="WatchKeys"/>.</summary>
internal sealed record LoggingSettings
{
    public string Level { get; init; } = "information";

    public IReadOnlyDictionary<string, string> Categories { get; init; } = new Dictionary<string, string>();

    public string EventLog { get; init; } = "warning";

    public LogFileSettings Files { get; init; } = new();
}

internal sealed record LogFileSettings
{
    public bool Enabled { get; init; } = true;

    public string? Folder { get; init; }

    public string Format { get; init; } = "text";

    public int Megabytes { get; init; } = 20;

    public int Keep { get; init; } = 31;
}

internal sealed record HealthSettings
{
    public int StandstillMinutes { get; init; } = 30;

    public string? File { get; init; }

    public string? Listen { get; init; }
}
