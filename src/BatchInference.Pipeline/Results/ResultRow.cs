using BatchInference.Documents.Extraction;
namespace BatchInference.Pipeline.Results;

/// <summary>What the results say of one document: one line of a JSON-lines part, one row of Parquet and CSV.</summary>
public sealed record ResultRow
{
    /// <summary>Path in the source.</summary>
    public required string Document { get; init; }

    /// <summary>ETag, or size and time and hash of a file.</summary>
    public required string Version { get; init; }

    /// <summary>Of the content, in lower-case hexadecimal; null where it could not be read to its end.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Found by content.</summary>
    public string? MediaType { get; init; }

    /// <summary>ISO 639-1, else 639-3.</summary>
    public string? Language { get; init; }

    /// <summary>Where the format has pages.</summary>
    public int? Pages { get; init; }

    /// <summary>The pages that were read from their pictures; in the JSON lines only, as <c>ocr</c>.</summary>
    public IReadOnlyList<ScannedPage> Scanned { get; init; } = [];

    /// <summary>Unicode code points of the extracted text.</summary>
    public long? Characters { get; init; }

    /// <summary>The file of the extracted text, where it is not the one that has the name of <see cref="Sha256"/>; in the JSON lines only.</summary>
    public string? TextFile { get; init; }

    /// <summary>Tokens of the text, as the first model counts.</summary>
    public long? TokensTotal { get; init; }

    /// <summary>Those the model read.</summary>
    public long? TokensRead { get; init; }

    /// <summary>Whether all, some or none of the tasks answered.</summary>
    public required RowStatus Status { get; init; }

    /// <summary>The answers, in the order of the job's tasks.</summary>
    public IReadOnlyList<TaskResult> Results { get; init; } = [];

    /// <summary>Why there is no answer; null unless <see cref="Status"/> is <see cref="RowStatus.Failed"/>.</summary>
    public DocumentFailure? Error { get; init; }

    /// <summary>What its container says of it and, where the job asks, the document of itself; empty for nothing.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = NoMetadata;

    internal static IReadOnlyDictionary<string, string> NoMetadata { get; } = new Dictionary<string, string>();

    /// <summary>The run that wrote it.</summary>
    public required string Run { get; init; }

    /// <summary>When, in UTC.</summary>
    public required DateTimeOffset ProcessedAt { get; init; }
}

/// <summary>Whether all, some or none of the tasks answered.</summary>
public enum RowStatus
{
    /// <summary>All.</summary>
    Completed,

    /// <summary>Some.</summary>
    Partial,

    /// <summary>None.</summary>
    Failed,
}

/// <summary>What one task says, or why it says nothing.</summary>
public sealed record TaskResult
{
    /// <summary>Its name in the job.</summary>
    public required string Task { get; init; }

    /// <summary>Model and variant.</summary>
    public required string Model { get; init; }

    /// <summary>The best label.</summary>
    public string? Label { get; init; }

    /// <summary>Its probability.</summary>
    public double? Score { get; init; }

    /// <summary>Every label with its score, best first; null unless the task classifies.</summary>
    public IReadOnlyList<KeyValuePair<string, double>>? Scores { get; init; }

    /// <summary>The labels that hold, best first; null unless several may at once.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>What a classification without examples rests on.</summary>
    public string? Basis { get; init; }

    /// <summary>A summary.</summary>
    public string? Text { get; init; }

    /// <summary>The ranges a summary consists of; null unless the task summarises.</summary>
    public IReadOnlyList<Quote>? Quotes { get; init; }

    /// <summary>How a long document was read.</summary>
    public string? Method { get; init; }

    /// <summary>What a reasoning model thought before it answered.</summary>
    public string? Reasoning { get; init; }

    /// <summary>Why there is no answer.</summary>
    public string? Error { get; init; }
}

/// <summary>An exact range of the extracted text.</summary>
/// <param name="Start">Unicode code points before it.</param>
/// <param name="Length">Its code points.</param>
/// <param name="Page">The page it begins on, counted from 1, where there are pages.</param>
/// <param name="Text">Its characters.</param>
public readonly record struct Quote(long Start, long Length, int? Page, string Text);
