using System.Text.Json.Nodes;

namespace BatchInference.Worker.Configuration;

/// <summary><c>appsettings.json</c> as read; what the keys mean stands in <see cref="KnownKeys"/>.</summary>
internal sealed record AppSettings
{
    public PathSettings Paths { get; init; } = new();

    public ModelSettings Models { get; init; } = new();

    public LimitSettings Limits { get; init; } = new();

    public LedgerSettings Ledger { get; init; } = new();

    public StorageSettings Storage { get; init; } = new();

    public OcrSettings Ocr { get; init; } = new();

    public LoggingSettings Logging { get; init; } = new();

    public NodeSettings Node { get; init; } = new();

    public HealthSettings Health { get; init; } = new();

    public TelemetrySettings Telemetry { get; init; } = new();

    public NoticeSettings? Notices { get; init; }
}

internal sealed record NodeSettings
{
    public IReadOnlyList<string> Roles { get; init; } = [];
}

internal sealed record PathSettings
{
    public string? Shipped { get; init; }
}

internal sealed record ModelSettings
{
    public string Default { get; init; } = "multilingual-e5-small";

    public string? Variant { get; init; }

    public string Provider { get; init; } = "cpu";

    public int Device { get; init; }

    public long? DeviceMemoryMegabytes { get; init; }

    public int Threads { get; init; }

    public int? BatchTokens { get; init; }

    public int PauseSeconds { get; init; } = 30;

    public int LongestPauseMinutes { get; init; } = 60;
}

internal sealed record LimitSettings
{
    public int Megabytes { get; init; } = 256;

    public int Characters { get; init; } = 10_000_000;

    public int Pages { get; init; } = 20_000;

    public int Seconds { get; init; } = 300;

    public int ContainerMegabytes { get; init; } = 4096;

    public int Depth { get; init; } = 8;

    public int Members { get; init; } = 100_000;

    public int UnfoldedMegabytes { get; init; } = 65_536;

    public int CompressionRatio { get; init; } = 200;

    public int Readers { get; init; }

    public int MemoryMegabytes { get; init; } = 1024;

    public int DocumentMinutes { get; init; } = 720;

    public int DocumentsPerProcess { get; init; } = 500;

    public int Retries { get; init; } = 3;

    public int RetrySeconds { get; init; } = 1;
}

internal sealed record OcrSettings
{
    public bool Enabled { get; init; } = true;

    public IReadOnlyList<string> Languages { get; init; } = ["fra", "eng"];

    public int Dpi { get; init; } = 300;

    public int SecondsPerPage { get; init; } = 120;

    public int PagesAtOnce { get; init; } = 2;

    public string? Tools { get; init; }
}

internal sealed record LedgerSettings
{
    public string? PostgreSql { get; init; }

    public int LeaseSeconds { get; init; } = 60;

    public int OutageSeconds { get; init; } = 600;
}

internal sealed record StorageSettings
{
    public int Tries { get; init; } = 5;

    public int RequestSeconds { get; init; } = 100;

    public int OperationSeconds { get; init; } = 600;

    public int AtOnce { get; init; } = 32;

    public int FailuresBeforePause { get; init; } = 5;

    public int PauseSeconds { get; init; } = 30;

    public int OutputPauseSeconds { get; init; } = 10;
}

/// <summary>A file of <c>jobs/</c> as read.</summary>
internal sealed record JobSettings
{
    /// <summary>The file's name without its ending.</summary>
    public string Name { get; init; } = "";

    /// <summary>The file's content with the overrides of the environment: what the manifest shows and the configuration hash covers.</summary>
    public JsonObject Written { get; init; } = [];

    public bool Enabled { get; init; } = true;

    public IReadOnlyList<string> Roles { get; init; } = [];

    public IReadOnlyList<NightSettings> Schedule { get; init; } = [];

    public SourceSettings Source { get; init; } = new();

    public IReadOnlyDictionary<string, TaskSettings> Tasks { get; init; } = new Dictionary<string, TaskSettings>();

    public ContentSettings Content { get; init; } = new();

    public OutputSettings Output { get; init; } = new();
}

internal sealed record NightSettings
{
    public TimeOnly Opens { get; init; }

    public TimeOnly Closes { get; init; }

    public string? TimeZone { get; init; }

    public IReadOnlyList<string> Nights { get; init; } = [];

    public IReadOnlyList<DateOnly> ExceptNightsOf { get; init; } = [];
}

internal sealed record SourceSettings
{
    public FolderSettings? Folder { get; init; }

    public BlobSettings? AzureBlob { get; init; }

    public ObjectSettings? S3 { get; init; }
}

internal sealed record FolderSettings
{
    public string Path { get; init; } = "";

    public IReadOnlyList<string> Include { get; init; } = [];

    public IReadOnlyList<string> Exclude { get; init; } = [];
}

/// <summary>A container of Azure; the patterns are those of a source.</summary>
internal sealed record BlobSettings
{
    public string? Account { get; init; }

    public string Container { get; init; } = "";

    public string Prefix { get; init; } = "";

    public IReadOnlyList<string> Include { get; init; } = [];

    public IReadOnlyList<string> Exclude { get; init; } = [];

    public bool AllowHttp { get; init; }
}

/// <summary>A bucket; the patterns are those of a source.</summary>
internal sealed record ObjectSettings
{
    public string? Endpoint { get; init; }

    public string? Region { get; init; }

    public string Bucket { get; init; } = "";

    public string Prefix { get; init; } = "";

    public bool? PathStyle { get; init; }

    public IReadOnlyList<string> Include { get; init; } = [];

    public IReadOnlyList<string> Exclude { get; init; } = [];

    public bool InstanceProfile { get; init; }

    public bool AllowHttp { get; init; }
}

internal sealed record TaskSettings
{
    public ClassifySettings? Classify { get; init; }

    public SummarizeSettings? Summarize { get; init; }

    public string? Model => Classify?.Model ?? Summarize?.Model;

    public string? Variant => Classify?.Variant ?? Summarize?.Variant;
}

internal sealed record ClassifySettings
{
    public string? Labels { get; init; }

    public string? Model { get; init; }

    public string? Variant { get; init; }

    public string? Template { get; init; }

    public string Language { get; init; } = "fr";

    public bool SeveralLabels { get; init; }

    public string? Instruction { get; init; }

    public string? System { get; init; }
}

internal sealed record SummarizeSettings
{
    public int? Sentences { get; init; }

    public int? Characters { get; init; }

    public string? Model { get; init; }

    public string? Variant { get; init; }

    public string? Instruction { get; init; }

    public string? System { get; init; }

    public bool Thinking { get; init; } = true;

    public GenerationOptions? Generation { get; init; }
}

internal sealed record OutputSettings
{
    public string? Folder { get; init; }

    public BlobSettings? AzureBlob { get; init; }

    public ObjectSettings? S3 { get; init; }

    public IReadOnlyList<string> Formats { get; init; } = ["jsonl", "parquet", "csv"];

    public CsvSettings Csv { get; init; } = new();

    public bool Text { get; init; }

    public bool Metadata { get; init; }
}

internal sealed record ContentSettings
{
    public string? TextField { get; init; }

    public string? IdField { get; init; }
}

internal sealed record CsvSettings
{
    public char Delimiter { get; init; } = ',';

    public bool ByteOrderMark { get; init; }
}
