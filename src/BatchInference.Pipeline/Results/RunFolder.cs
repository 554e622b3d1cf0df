using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using BatchInference.Pipeline.Results.RowFormats;

namespace BatchInference.Pipeline.Results;

/// <summary>The folder that tells of a run: errors, manifest, description of the columns, and last the mark that the run adds no more files.</summary>
internal sealed class RunFolder(PartPublisher publisher, Ledger ledger)
{
    // Read by people too: accents as they are, one thing a line.
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Puts files that decide answers into the folder of a run; what another process of it put there stays.</summary>
    public async Task KeepAsync(RunId run, IReadOnlyList<KeptFile> files, CancellationToken cancellationToken)
    {
        foreach (var file in files)
            await publisher.CreateAsync($"{PartNames.RunFolder(run)}/{file.Name}", (stream, token) => stream.WriteAsync(file.Content, token).AsTask(), cancellationToken);
    }

    /// <summary>Writes the folder of an ended run. Files that an earlier try to close it created stay as they are.</summary>
    public async Task CloseAsync(RunRecord run, RunEnding ending, CancellationToken cancellationToken)
    {
        var folder = PartNames.RunFolder(run.Run);
        var header = RunHeader.Parse(run.Header);
        var parts = await ledger.PartsOfAsync(run.Run, cancellationToken);
        await publisher.CreateAsync($"{folder}/errors.jsonl", (stream, token) => WriteErrorsAsync(stream, run.Run, header.VersionsAreTags, token), cancellationToken);
        await CreateAsync($"{folder}/manifest.json", Manifest(run, header, ending, await PartsAsync(header, parts, cancellationToken)), cancellationToken);
        await CreateAsync($"{folder}/datapackage.json", DataPackage(run, header), cancellationToken);
        await publisher.CreateAsync($"{folder}/_SUCCESS", (_, _) => Task.CompletedTask, cancellationToken);
    }

    private Task<StoredFile?> CreateAsync(string name, JsonObject content, CancellationToken cancellationToken) => publisher.CreateAsync(
        name, (stream, token) => JsonSerializer.SerializeAsync(stream, content, Readable, token), cancellationToken);

    private async Task WriteErrorsAsync(Stream stream, RunId run, bool versionsAreTags, CancellationToken cancellationToken)
    {
        await foreach (var failed in ledger.FailuresOfAsync(run, cancellationToken))
        {
            var line = new JsonObject
            {
                ["document"] = failed.Path,
                ["version"] = RowVersion.Of(failed.Version, failed.Sha256, versionsAreTags),
                ["stage"] = failed.Failure.Stage,
                ["reason"] = failed.Failure.Reason,
                ["permanent"] = failed.Failure.Permanent,
                ["run"] = run.ToString(),
                ["failedAt"] = Moment(failed.At),
            };
            await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(line.ToJsonString(Line) + "\n"), cancellationToken);
        }
    }

    private static JsonObject Manifest(RunRecord run, RunHeader header, RunEnding ending, JsonArray parts) => new()
    {
        ["run"] = run.Run.ToString(),
        ["job"] = run.Scope.Job,
        ["complete"] = ending.IsWhole,
        ["reason"] = ending.Reason,
        ["limit"] = header.Limit,
        ["remaining"] = ending.Remaining,
        ["runDate"] = run.RunDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        ["startedAt"] = Moment(run.Started),
        ["endedAt"] = Moment(ending.Ended),
        ["source"] = header.Source,
        ["output"] = run.Scope.Output,
        ["counts"] = new JsonObject
        {
            ["listed"] = ending.Counts.Listed,
            ["settledBefore"] = ending.Counts.Skipped,
            ["unchanged"] = ending.Counts.Unchanged,
            ["completed"] = ending.Counts.Completed,
            ["partial"] = ending.Counts.Partial,
            ["failed"] = ending.Counts.Failed,
            ["toBeTriedAgain"] = ending.Counts.Temporary,
            ["insideOthers"] = ending.Counts.Members,
            ["tokens"] = ending.Counts.Tokens,
        },
        ["parts"] = parts,
        ["models"] = new JsonArray([.. header.Passes.Select(pass => (JsonNode)Model(pass))]),
        ["tasks"] = new JsonObject(header.Passes.SelectMany(pass => pass.Tasks.Select(task => KeyValuePair.Create<string, JsonNode?>(task.Name, TaskOf(pass, task))))),
        ["workFingerprint"] = run.Work,
        ["extractionFingerprint"] = run.Extraction,
        ["configurationHash"] = header.ConfigurationHash,
        ["configuration"] = header.Configuration.DeepClone(),
        ["environment"] = header.Environment.DeepClone(),
        ["programVersion"] = header.ProgramVersion,
    };

    // The names alone stand in `derived`, as ever, for the scripts that read them; `files` has the figures.
    private async Task<JsonArray> PartsAsync(RunHeader header, IReadOnlyList<PartRecord> parts, CancellationToken cancellationToken)
    {
        var array = new JsonArray();
        foreach (var part in parts)
        {
            string[] names = [.. PartPublisher.Derived(header).Select(derived => PartNames.Of(derived.Format, part))];
            var files = new JsonArray();
            foreach (var name in names)
                if (await publisher.DerivedAsync(name, cancellationToken) is { } file)
                    files.Add((JsonNode)new JsonObject { ["file"] = file.Name, ["bytes"] = file.Bytes, ["sha256"] = file.Sha256 });
            array.Add((JsonNode)new JsonObject
            {
                ["file"] = PartNames.Of(PartNames.Jsonl, part),
                ["derived"] = new JsonArray([.. names.Select(name => (JsonNode)name)]),
                ["files"] = files,
                ["rows"] = part.Rows,
                ["bytes"] = part.Bytes,
                ["sha256"] = part.Sha256,
            });
        }

        return array;
    }

    /// <summary>The hashes of derived files that a manifest has, by name; none where there is no manifest, or one of before these figures.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> HashesAsync(ResultSink sink, RunId run, CancellationToken cancellationToken)
    {
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var stream = await sink.OpenAsync($"{PartNames.RunFolder(run)}/manifest.json", cancellationToken);
        if (stream is null)
            return hashes;
        try
        {
            using var manifest = await JsonDocument.ParseAsync(stream, cancellationToken: cancellationToken);
            foreach (var part in manifest.RootElement.GetProperty("parts").EnumerateArray())
                if (part.TryGetProperty("files", out var files))
                    foreach (var file in files.EnumerateArray())
                        hashes[file.GetProperty("file").GetString()!] = file.GetProperty("sha256").GetString()!;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentNullException)
        {
            // Not as it was written; it is a description, and what derives from the parts shows the same.
        }

        return hashes;
    }

    private static JsonObject Model(PlannedPass pass) => With(pass.Details, new()
    {
        ["model"] = pass.Model,
        ["fingerprint"] = pass.Fingerprint,
        ["tasks"] = new JsonArray([.. pass.Tasks.Select(task => (JsonNode)task.Name)]),
    });

    private static JsonObject TaskOf(PlannedPass pass, PlannedTask task) => With(task.Details, new() { ["model"] = pass.Model, ["scores"] = task.Scores });

    // Details add to what is known of every model and never take its place: the fingerprint of a folder once hid that of the pass.
    private static JsonObject With(JsonObject details, JsonObject told)
    {
        foreach (var (name, value) in details)
            told.TryAdd(name, value?.DeepClone());
        return told;
    }

    // A package may not point outside its folder, where the parts lie; so it describes the columns and leaves the list of files to the manifest.
    private static JsonObject DataPackage(RunRecord run, RunHeader header) => new()
    {
        ["profile"] = "data-package",
        ["name"] = $"run-{run.Run.ToString().ToLowerInvariant()}",
        ["title"] = $"Results of the job {run.Scope.Job}",
        ["created"] = Moment(run.Started),
        ["resources"] = new JsonArray(new JsonObject
        {
            ["name"] = "rows",
            ["profile"] = "tabular-data-resource",
            ["description"] = "The columns of the Parquet and CSV files whose names manifest.json lists. Runs of other tasks have other columns: read several by name (DuckDB: union_by_name = true).",
            ["data"] = new JsonArray(),
            ["schema"] = new JsonObject
            {
                ["fields"] = new JsonArray([.. header.Columns().Select(column => (JsonNode)Field(column))]),
                ["missingValues"] = new JsonArray(""),
            },
        }),
    };

    private static JsonObject Field(FlatColumn column)
    {
        var field = new JsonObject
        {
            ["name"] = column.Name,
            ["type"] = column.Type switch
            {
                ColumnType.Text => "string",
                ColumnType.Integer => "integer",
                ColumnType.Number => "number",
                ColumnType.Boolean => "boolean",
                _ => "datetime",
            },
            ["description"] = column.Description,
        };
        if (column.Type == ColumnType.Moment)
            field["format"] = "any";
        if (column.Required)
            field["constraints"] = new JsonObject { ["required"] = true };
        return field;
    }

    private static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
