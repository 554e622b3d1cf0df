using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace BatchInference.Pipeline;

/// <summary>All that is decided before a run begins.</summary>
public sealed record RunPlan
{
    /// <summary>The job's name.</summary>
    public required string Job { get; init; }

    /// <summary>The run's name.</summary>
    public required RunId Run { get; init; }

    /// <summary>Local date of the night's opening, or of the start where there is no schedule.</summary>
    public required DateOnly RunDate { get; init; }

    /// <summary>The models with their tasks, in the order of the result columns.</summary>
    public required IReadOnlyList<PlannedPass> Passes { get; init; }

    /// <summary>Names of the job's tasks in their order, which that of the passes need not be; null where it is.</summary>
    public IReadOnlyList<string>? TaskOrder { get; init; }

    /// <summary>The job's configuration for the manifest, without secrets.</summary>
    public required JsonObject Configuration { get; init; }

    /// <summary>SHA-256 of the configuration, in lower-case hexadecimal.</summary>
    public required string ConfigurationHash { get; init; }

    /// <summary>What besides the job decides an answer, for the manifest: settings of the program, tools, processor.</summary>
    public JsonObject Environment { get; init; } = [];

    /// <summary>Small files that decide answers and that somebody may replace: kept in the run's folder before any document comes to a model.</summary>
    public IReadOnlyList<KeptFile> Kept { get; init; } = [];

    /// <summary>The program's version.</summary>
    public required string ProgramVersion { get; init; }

    /// <summary>What is written beside the JSON lines.</summary>
    public OutputFormats Formats { get; init; } = new();

    /// <summary>True where a listed version is an ETag, which a row says as it is; false for size and time, which a row completes by the content's hash.</summary>
    public bool VersionsAreTags { get; init; }

    /// <summary>How many documents are read at once.</summary>
    public int Readers { get; init; } = Math.Max(2, System.Environment.ProcessorCount / 2);

    /// <summary>Most documents to do; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>Does settled documents again.</summary>
    public bool Again { get; init; }

    /// <summary>Documents of a shard, at least, where there are as many: what becomes visible at once, and what a part holds.</summary>
    public int ShardDocuments { get; init; } = 500;

    /// <summary>Work of a shard, where that makes it larger: at the pace of this run, up to some times <see cref="ShardDocuments"/>.</summary>
    public TimeSpan ShardTime { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long a document that failed temporarily waits at least before its first, second … further try by this run; as many tries as there are waits.</summary>
    public IReadOnlyList<TimeSpan> RetryDelays { get; init; } = [TimeSpan.FromSeconds(1)];

    /// <summary>SHA-256 over all that decides an answer: a document settled under another one is done again.</summary>
    public string WorkFingerprint => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\n', Passes.Select(pass => $"{pass.Fingerprint} {string.Join(',', pass.Tasks.Select(task => $"{task.Name}:{task.Kind}"))}").Concat(Content is null ? [] : [Content])))));

    /// <summary>As <c>ContentFields.Description</c>: which fields of records are read; null for the usual ones.</summary>
    public string? Content { get; init; }
}

/// <summary>A model that a run will use, known before it is loaded, so that a night without work costs no loading.</summary>
/// <param name="Model">As <c>ModelPass.Model</c>.</param>
/// <param name="Fingerprint">As <c>ModelPass.Fingerprint</c>; a loaded pass that has another one stops the run.</param>
/// <param name="Tasks">The tasks it serves.</param>
public sealed record PlannedPass(string Model, string Fingerprint, IReadOnlyList<PlannedTask> Tasks)
{
    /// <summary>What the manifest says of it: files with their hashes, variant, licence.</summary>
    public JsonObject Details { get; init; } = [];
}

/// <summary>A task as the result columns need it.</summary>
/// <param name="Name">Its name in the job.</param>
/// <param name="Kind">What it answers with.</param>
public sealed record PlannedTask(string Name, TaskKind Kind)
{
    /// <summary>What its scores are, in a sentence for the data package; null where it has none.</summary>
    public string? Scores { get; init; }

    /// <summary>What the manifest says of it: label set and head, with their hashes.</summary>
    public JsonObject Details { get; init; } = [];
}

/// <summary>A file that a run keeps.</summary>
/// <param name="Name">Its path in the folder of the run, with <c>/</c>.</param>
/// <param name="Content">What is in it.</param>
public sealed record KeptFile(string Name, ReadOnlyMemory<byte> Content);

/// <summary>What a task answers with.</summary>
[Flags]
public enum TaskKind
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A label with scores.</summary>
    Classification = 1,

    /// <summary>A text with quotes.</summary>
    Summary = 2,

    /// <summary>A text that a model wrote: with what it thought before.</summary>
    Generation = 4,

    /// <summary>Labels of which several may hold at once.</summary>
    SeveralLabels = 8,

    /// <summary>An answer of which a row tells how it was come to: how a long document was read, what a label rests on.</summary>
    Method = 16,
}

/// <summary>What is written beside the JSON lines, which are always written: they are the commit.</summary>
public sealed record OutputFormats
{
    /// <summary>Parquet files of the same rows.</summary>
    public bool Parquet { get; init; }

    /// <summary>CSV files of the same rows; null for none.</summary>
    public CsvFormat? Csv { get; init; }

    /// <summary>The extracted texts, so that quotes can be checked.</summary>
    public bool Text { get; init; }

    /// <summary>What documents say of themselves: title, author, dates.</summary>
    public bool Metadata { get; init; }
}

/// <summary>The dialect of CSV files.</summary>
/// <param name="Delimiter">Between cells.</param>
/// <param name="ByteOrderMark">Begins files with the mark by which spreadsheets know UTF-8.</param>
public sealed record CsvFormat(char Delimiter = ',', bool ByteOrderMark = false);
