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

internal sealed record TelemetrySettings
{
    public string? PrometheusFile { get; init; }

    public int Seconds { get; init; } = 30;

    public OtlpSettings Otlp { get; init; } = new();
}

internal sealed record OtlpSettings
{
    /// <summary>Variable or credential with what the collector wants to see, such as <c>Authorization=Bearer …</c>; OpenTelemetry's own name.</summary>
    public const string HeadersSecret = "OTEL_EXPORTER_OTLP_HEADERS";

    public string? Endpoint { get; init; }

    public string Protocol { get; init; } = "http/protobuf";

    public string Traces { get; init; } = "shards";

    public bool AllowHttp { get; init; }
}

internal sealed record HealthSettings
{
    public int StandstillMinutes { get; init; } = 30;

    public string? File { get; init; }

    public string? Listen { get; init; }
}
