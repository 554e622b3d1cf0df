namespace BatchInference.Pipeline.Results.RowFormats;

/// <summary>A column of Parquet and CSV.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">What it holds.</param>
/// <param name="Required">True when no row lacks it.</param>
/// <param name="Description">For the data package.</param>
/// <param name="Of">Its value in a row: string, long, double, bool, DateTime (UTC) or null.</param>
internal sealed record FlatColumn(string Name, ColumnType Type, bool Required, string Description, Func<ResultRow, object?> Of);

internal enum ColumnType
{
    Text,
    Integer,
    Number,
    Boolean,
    Moment,
}

/// <summary>The columns of Parquet and CSV: those of every job, then those of its tasks.</summary>
internal static class FlatColumns
{
    private static readonly FlatColumn[] Fixed =
    [
        Text("document", "Path in the source; a document inside a container is container!/path.", row => row.Document, required: true),
        Text("version", "ETag, or size and time and hash of a file.", row => row.Version, required: true),
        Text("sha256", "SHA-256 of the content, in hexadecimal.", row => row.Sha256),
        Text("media_type", "Type found by content.", row => row.MediaType),
        Text("language", "ISO 639-1, else 639-3.", row => row.Language),
        Integer("pages", "Number of pages, where the format has pages.", row => row.Pages),
        Integer("characters", "Unicode code points of the extracted text.", row => row.Characters),
        Integer("tokens_total", "Tokens of the extracted text.", row => row.TokensTotal),
        Integer("tokens_read", "Tokens that the model read; less than tokens_total when it did not read everything.", row => row.TokensRead),
        Text("status", "completed (all tasks), partial (a task failed) or failed (no task has an answer).", row => Name(row.Status), required: true),
        Text("error_stage", "Where a failed document failed.", row => row.Error?.Stage),
        Text("error_reason", "Why a failed document failed.", row => row.Error?.Reason),
        new("error_permanent", ColumnType.Boolean, false, "True when trying a failed document again as it is cannot help.", row => row.Error?.Permanent),
        Text("run", "The run that wrote the row.", row => row.Run, required: true),
        new("processed_at", ColumnType.Moment, true, "When the row was made, in UTC; the latest row of a document is the valid one.", row => row.ProcessedAt.UtcDateTime),
    ];

    public static string Name(RowStatus status) => status switch
    {
        RowStatus.Completed => "completed",
        RowStatus.Partial => "partial",
        _ => "failed",
    };

    private static readonly FlatColumn Metadata = Text("metadata", "What the document and its container say of it (title, author, dates, identifiers), as a JSON object.",
        row => row.Metadata.Count > 0 ? JsonLines.Nested(json => JsonLines.WriteMetadata(json, row.Metadata)) : null);

    /// <summary>The columns of a job.</summary>
    /// <param name="tasks">Its tasks.</param>
    /// <param name="metadata">True for a column of what documents say of themselves.</param>
    public static IReadOnlyList<FlatColumn> Of(IEnumerable<PlannedTask> tasks, bool metadata) => [.. Fixed, .. metadata ? [Metadata] : Array.Empty<FlatColumn>(), .. tasks.SelectMany(OfTask)];

    private static IEnumerable<FlatColumn> OfTask(PlannedTask task)
    {
        TaskResult? In(ResultRow row) => row.Results.FirstOrDefault(result => result.Task == task.Name);
        if (task.Kind.HasFlag(TaskKind.Classification))
        {
            yield return Text($"{task.Name}_label", $"Best label of the task {task.Name}.", row => In(row)?.Label);
            yield return new($"{task.Name}_score", ColumnType.Number, false, $"Score of that label. {task.Scores}".TrimEnd(), row => In(row)?.Score);
            yield return Text($"{task.Name}_scores", "All labels with their scores, best first, as a JSON object.",
                row => In(row)?.Scores is { } scores ? JsonLines.Nested(json => JsonLines.WriteScores(json, scores)) : null);
        }

        if (task.Kind.HasFlag(TaskKind.SeveralLabels))
            yield return Text($"{task.Name}_labels", "The labels that hold, best first, as a JSON array.",
                row => In(row)?.Labels is { } labels ? JsonLines.Nested(json => JsonLines.WriteTexts(json, labels)) : null);

        if (task.Kind.HasFlag(TaskKind.Summary))
        {
            yield return Text($"{task.Name}_text", $"Summary of the task {task.Name}.", row => In(row)?.Text);
            yield return Text($"{task.Name}_quotes", "Where its sentences stand in the extracted text (code points), as a JSON array.",
                row => In(row)?.Quotes is { } quotes ? JsonLines.Nested(json => JsonLines.WriteQuotes(json, quotes)) : null);
        }

        if (task.Kind.HasFlag(TaskKind.Method))
            yield return Text($"{task.Name}_method", "How a long document was read, and where an answer was cut.", row => In(row)?.Method);
        // Of every classification: a label set that has no head yet answers by its descriptions, and a column that came and went with the training would keep nights from being read together.
        if (task.Kind.HasFlag(TaskKind.Classification))
            yield return Text($"{task.Name}_basis", "What the label rests on where it is not examples: descriptions, entailment or generation.", row => In(row)?.Basis);
        if (task.Kind.HasFlag(TaskKind.Generation))
            yield return Text($"{task.Name}_reasoning", "What a reasoning model thought before it answered.", row => In(row)?.Reasoning);
        yield return Text($"{task.Name}_model", "Model and variant that answered.", row => In(row)?.Model);
        yield return Text($"{task.Name}_error", $"Why the task {task.Name} has no answer.", row => In(row)?.Error);
    }

    private static FlatColumn Text(string name, string description, Func<ResultRow, string?> of, bool required = false) => new(name, ColumnType.Text, required, description, of);

    private static FlatColumn Integer(string name, string description, Func<ResultRow, long?> of) => new(name, ColumnType.Integer, false, description, row => of(row));
}
