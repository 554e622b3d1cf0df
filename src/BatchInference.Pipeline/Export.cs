using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using BatchInference.Documents;
using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Results.RowFormats;
using Microsoft.Data.Sqlite;

namespace BatchInference.Pipeline;

/// <summary>Writes the current view of a job's results: one row a document, the latest.</summary>
/// <remarks>
/// The ledger knows which part holds the valid row of each document, so parts are read one after the other, oldest first, and each row is kept or not:
/// memory holds the names of one part. Rows come by part, and by document within a part. What the ledger knows is fixed before the first part is read:
/// a document that a night does again meanwhile would else move from a part that is still to be read into one that is not, and be missing.
/// </remarks>
public sealed class Export(ResultSink sink, Ledger ledger)
{
    /// <summary>Writes the view to a file; the name's end tells the format: <c>.parquet</c>, <c>.csv</c>, <c>.jsonl</c>. A file of that name is replaced when the new one is whole.</summary>
    /// <param name="job">The job.</param>
    /// <param name="file">The file.</param>
    /// <param name="csv">The dialect, should it be CSV.</param>
    /// <param name="existing">When given, documents that this source no longer lists are left out.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <returns>How many rows there are, and what an admin should know of them.</returns>
    /// <exception cref="ArgumentException">The name's end is none of these.</exception>
    /// <exception cref="InvalidDataException">A part is damaged or was altered; it is named.</exception>
    public async Task<ExportReport> ToFileAsync(string job, string file, CsvFormat csv, DocumentSource? existing, CancellationToken cancellationToken)
    {
        var scope = new ResultScope(job, sink.Identity);
        await using var standing = await ValidRows.OfAsync(ledger, scope, cancellationToken);
        // Asked for after it, so that no row is of a run whose columns are missing.
        var write = WriterFor(file, csv, await ColumnsAsync(scope, cancellationToken));
        await using var listed = existing is null ? null : await ListedDocuments.OfAsync(existing, cancellationToken);
        var report = new ExportReport();
        var temporary = $"{file}.{Path.GetRandomFileName()}.tmp";
        try
        {
            await using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 64 * 1024))
            {
                await write(stream, RowsAsync(scope, standing, listed, report, cancellationToken), cancellationToken);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, file, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return report;
    }

    private static Func<Stream, IAsyncEnumerable<ResultRow>, CancellationToken, Task> WriterFor(string file, CsvFormat csv, IReadOnlyList<FlatColumn> columns) =>
        Path.GetExtension(file).ToLowerInvariant() switch
        {
            ".parquet" => (stream, rows, token) => ParquetRows.WriteAsync(stream, columns, rows, token),
            ".csv" => (stream, rows, token) => CsvRows.WriteAsync(stream, columns, csv, rows, token),
            ".jsonl" => JsonLines.WriteAsync,
            var other => throw new ArgumentException($"'{file}' ends with '{other}'; an export is a .parquet, .csv or .jsonl file."),
        };

    // Rows of earlier nights may answer tasks that the job no longer has: their columns come last.
    private async Task<IReadOnlyList<FlatColumn>> ColumnsAsync(ResultScope scope, CancellationToken cancellationToken)
    {
        var runs = new HashSet<RunId>();
        await foreach (var part in ledger.PartsAsync(scope, cancellationToken))
            runs.Add(part.Run);
        var tasks = new List<PlannedTask>();
        var metadata = false;
        foreach (var run in runs.Reverse())
        {
            var header = RunHeader.Parse((await ledger.FindRunAsync(run, cancellationToken))!.Header);
            metadata |= header.Formats.Metadata;
            foreach (var task in header.Passes.SelectMany(pass => pass.Tasks))
            {
                var known = tasks.FindIndex(one => one.Name == task.Name);
                if (known < 0)
                    tasks.Add(task);
                else
                    tasks[known] = task with { Kind = tasks[known].Kind | task.Kind };
            }
        }

        return FlatColumns.Of(tasks, metadata);
    }

    private async IAsyncEnumerable<ResultRow> RowsAsync(ResultScope scope, ValidRows standing, ListedDocuments? listed, ExportReport report, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var part in ledger.PartsAsync(scope, cancellationToken))
        {
            var valid = await standing.InAsync(part, cancellationToken);
            if (valid.Count == 0)
                continue;
            var name = PartNames.Of(PartNames.Jsonl, part);
            await using var stream = await sink.OpenAsync(name, cancellationToken);
            if (stream is null)
            {
                report.MissingParts++;
                report.MissingRows += valid.Count;
                continue;
            }

            await foreach (var row in ReadAsync(stream, name, part, cancellationToken))
            {
                // Taken out: parts of earlier programs may have two rows of one name.
                if (!valid.Remove(row.Document, out var isGone))
                    continue;
                if (listed is not null && !await listed.ContainsAsync(row.Document, isGone, cancellationToken))
                {
                    report.Gone++;
                    continue;
                }

                report.Rows++;
                yield return row;
            }
        }
    }

    // Every row of a part; what it was all the while is known at its end, before the export has its name.
    private async IAsyncEnumerable<ResultRow> ReadAsync(Stream stream, string name, PartRecord part, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var count = 0;
        await using var hashing = new HashingStream(stream);
        await using var rows = JsonLines.ReadAsync(hashing, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await rows.MoveNextAsync())
                    break;
            }
            catch (Exception error) when (error is InvalidDataException or DecoderFallbackException)
            {
                throw new InvalidDataException($"{name} in {sink.Identity} is damaged: {error.Message}", error);
            }

            count++;
            yield return rows.Current;
        }

        if (count != part.Rows)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{name} in {sink.Identity} is damaged: it has {count} rows, and the ledger records {part.Rows}."));
        if (hashing.Sha256() is var found && found != part.Sha256)
            throw new InvalidDataException($"{name} in {sink.Identity} is damaged: it is not as it was written (its SHA-256 is {found}, and the ledger records {part.Sha256}).");
    }

    /// <summary>The valid rows of one moment in a file of their own, so that many cost disk, not memory, and the books are not kept waiting.</summary>
    private sealed class ValidRows : IAsyncDisposable
    {
        // An empty name is SQLite's for a database that lives in a temporary file of its own.
        private readonly SqliteConnection connection = new("Data Source=");
        private readonly Dictionary<RunId, int> runs = [];
        private SqlBatch? query;

        public static async Task<ValidRows> OfAsync(Ledger ledger, ResultScope scope, CancellationToken cancellationToken)
        {
            var valid = new ValidRows();
            try
            {
                valid.connection.Open();
                await ledger.ReadValidAsync(scope, rows => valid.KeepAsync(rows, cancellationToken), cancellationToken);
                valid.query = new SqlBatch(valid.connection, null);
                return valid;
            }
            catch
            {
                await valid.DisposeAsync();
                throw;
            }
        }

        /// <summary>The documents whose valid row lies in this part, each with whether its container no longer holds it.</summary>
        public async Task<Dictionary<string, bool>> InAsync(PartRecord part, CancellationToken cancellationToken) => !runs.TryGetValue(part.Run, out var run)
            ? []
            : (await query!.ReadAsync("SELECT path, gone FROM valid WHERE run = $1 AND shard = $2", row => (Path: row.GetString(0), IsGone: row.GetBoolean(1)), [run, part.Shard], cancellationToken))
                .ToDictionary(row => row.Path, row => row.IsGone, StringComparer.Ordinal);

        public async ValueTask DisposeAsync()
        {
            if (query is not null)
                await query.DisposeAsync();
            await connection.DisposeAsync();
        }

        // All or nothing: where the reading breaks off and begins anew, so does this.
        private async Task KeepAsync(IAsyncEnumerable<ValidRow> rows, CancellationToken cancellationToken)
        {
            await using var transaction = connection.BeginTransaction();
            await using (var batch = new SqlBatch(connection, transaction))
            {
                await batch.ExecuteAsync("CREATE TABLE valid (run INTEGER NOT NULL, shard INTEGER NOT NULL, path TEXT NOT NULL, gone INTEGER NOT NULL)", [], cancellationToken);
                await foreach (var row in rows.WithCancellation(cancellationToken))
                {
                    if (!runs.TryGetValue(row.Run, out var run))
                        runs[row.Run] = run = runs.Count;
                    await batch.ExecuteAsync("INSERT INTO valid (run, shard, path, gone) VALUES ($1, $2, $3, $4)", [run, row.Shard, row.Path, row.IsGone], cancellationToken);
                }

                // Sorted once, not with every row.
                await batch.ExecuteAsync("CREATE INDEX valid_of_part ON valid (run, shard)", [], cancellationToken);
            }

            await transaction.CommitAsync(CancellationToken.None);
        }
    }

    /// <summary>The names of a source in a file of its own, so that a long list costs disk, not memory.</summary>
    private sealed class ListedDocuments : IAsyncDisposable
    {
        // An empty name is SQLite's for a database that lives in a temporary file of its own.
        private readonly SqliteConnection connection = new("Data Source=");

        public static async Task<ListedDocuments> OfAsync(DocumentSource source, CancellationToken cancellationToken)
        {
            var listed = new ListedDocuments();
            listed.connection.Open();
            using var transaction = listed.connection.BeginTransaction();
            await using var batch = new SqlBatch(listed.connection, transaction);
            await batch.ExecuteAsync("CREATE TABLE listed (path TEXT PRIMARY KEY) WITHOUT ROWID", [], cancellationToken);
            await foreach (var document in source.ListAsync(cancellationToken))
                await batch.ExecuteAsync("INSERT OR IGNORE INTO listed (path) VALUES ($1)", [document.Id.Path], cancellationToken);
            transaction.Commit();
            listed.query = new SqlBatch(listed.connection, null);
            return listed;
        }

        private SqlBatch? query;

        /// <summary>True when the source lists the document, one that holds it, or a folder around it that it may not look into.</summary>
        /// <param name="path">The document.</param>
        /// <param name="isGone">True when the container of that name no longer holds it.</param>
        /// <param name="cancellationToken">Asks to stop.</param>
        public async Task<bool> ContainsAsync(string path, bool isGone, CancellationToken cancellationToken)
        {
            foreach (var name in isGone ? [path] : DocumentsAround.WhatTells(path))
                if ((await query!.ReadAsync("SELECT 1 FROM listed WHERE path = $1", _ => true, [name], cancellationToken)).Count > 0)
                    return true;
            return false;
        }

        public async ValueTask DisposeAsync()
        {
            if (query is not null)
                await query.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}

/// <summary>What an export wrote.</summary>
public sealed class ExportReport
{
    /// <summary>Rows written.</summary>
    public long Rows { get; internal set; }

    /// <summary>Rows left out since the source no longer lists their documents.</summary>
    public long Gone { get; internal set; }

    /// <summary>Parts that the ledger records and the output no longer has.</summary>
    public int MissingParts { get; internal set; }

    /// <summary>Rows that were in them.</summary>
    public long MissingRows { get; internal set; }
}
