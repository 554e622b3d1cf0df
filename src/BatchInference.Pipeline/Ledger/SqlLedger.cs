using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.Pipeline.Results;

namespace BatchInference.Pipeline;

/// <summary>
/// The books in tables: all that SQLite and PostgreSQL have in common, which is nearly everything. Lists go to the database as one JSON value, so that a shard is recorded
/// in a handful of statements whatever the way to the server costs.
/// </summary>
public abstract partial class SqlLedger : Ledger
{
    private const int PageRows = 1000;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The objects of a JSON array that is a parameter: a table named <c>listed</c> with the column <c>value</c>.</summary>
    private protected abstract string Listed(int parameter);

    /// <summary>The same where the array holds texts.</summary>
    private protected abstract string ListedTexts(int parameter);

    /// <summary>The bytes of a hexadecimal text.</summary>
    private protected abstract string Bytes(string hex);

    /// <summary>Makes sure, within a transaction, that nobody has taken the job from the holder of this token.</summary>
    /// <exception cref="LateWriterException">Somebody has.</exception>
    private protected virtual Task FenceAsync(SqlBatch sql, string job, long token, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Makes sure, within a transaction, that nobody has taken a shard from the holder of this token, and keeps what became of it.</summary>
    /// <exception cref="ShardTakenException">Somebody has.</exception>
    /// <exception cref="LateWriterException">The run was closed by another process.</exception>
    private protected virtual Task ClaimedAsync(SqlBatch sql, long run, string job, ShardClaim claim, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Does something in one transaction: all of it, or nothing.</summary>
    private protected abstract Task<T> InTransactionAsync<T>(Func<SqlBatch, Task<T>> change, CancellationToken cancellationToken);

    /// <summary>Asks something.</summary>
    private protected abstract Task<T> QueryAsync<T>(Func<SqlBatch, Task<T>> query, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public override Task BeginAsync(RunRecord run, CancellationToken cancellationToken) => InTransactionAsync(async sql =>
    {
        await sql.ExecuteAsync("INSERT INTO scope (job, output) VALUES ($1, $2) ON CONFLICT DO NOTHING", [run.Scope.Job, run.Scope.Output], cancellationToken);
        await sql.ExecuteAsync("INSERT INTO fingerprint (value) VALUES ($1), ($2) ON CONFLICT DO NOTHING", [run.Work, run.Extraction], cancellationToken);
        // A transaction that committed though its caller was told otherwise is repeated: the run is there already.
        await sql.ExecuteAsync(
            """
            INSERT INTO run (name, scope, run_date, started, work, extraction, header)
            SELECT $1, (SELECT id FROM scope WHERE job = $2 AND output = $3), $4, $5, (SELECT id FROM fingerprint WHERE value = $6), (SELECT id FROM fingerprint WHERE value = $7), $8 WHERE true
            ON CONFLICT DO NOTHING
            """,
            [run.Run.ToString(), run.Scope.Job, run.Scope.Output, Text(run.RunDate), Text(run.Started), run.Work, run.Extraction, run.Header], cancellationToken);
        // Two jobs that began in one second may have drawn the same name; their parts would be one run's.
        var known = (await sql.ReadAsync($"{SelectRun} WHERE r.name = $1", ReadRun, [run.Run.ToString()], cancellationToken)).Single();
        return known.Scope == run.Scope ? true : throw new InvalidOperationException($"The name {run.Run} is taken by a run of {known.Scope.Job} to {known.Scope.Output}. Start again: the next run draws another one.");
    }, cancellationToken);

    /// <inheritdoc/>
    public override Task PauseAsync(RunId run, string? reason, CancellationToken cancellationToken) =>
        QueryAsync(sql => sql.ExecuteAsync("UPDATE run SET paused = $1 WHERE name = $2", [reason, run.ToString()], cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override Task EndAsync(RunId run, RunEnding ending, CancellationToken cancellationToken) => InTransactionAsync(
        sql => sql.ExecuteAsync("UPDATE run SET ending = $1 WHERE name = $2 AND ending IS NULL", [JsonSerializer.Serialize(ending), run.ToString()], cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<RunRecord>> OpenRunsAsync(ResultScope scope, CancellationToken cancellationToken) =>
        ReadAsync($"{SelectRun} WHERE s.job = $1 AND s.output = $2 AND r.ending IS NULL ORDER BY r.id", ReadRun, [scope.Job, scope.Output], cancellationToken);

    /// <inheritdoc/>
    public override async Task<RunRecord?> FindRunAsync(RunId run, CancellationToken cancellationToken) =>
        (await ReadAsync($"{SelectRun} WHERE r.name = $1", ReadRun, [run.ToString()], cancellationToken)).SingleOrDefault();

    /// <inheritdoc/>
    public override async Task<RunCounts> CountAsync(RunId run, CancellationToken cancellationToken) => (await ReadAsync(
        """
        SELECT count(*) FILTER (WHERE d.status = 0), count(*) FILTER (WHERE d.status = 1), count(*) FILTER (WHERE d.status = 2),
               (SELECT count(*) FROM failure f JOIN run r ON r.id = f.run WHERE r.name = $1 AND f.permanent = 0)
        FROM run r JOIN part p ON p.run = r.id JOIN document d ON d.part = p.id WHERE r.name = $1
        """,
        row => new RunCounts { Completed = row.GetInt64(0), Partial = row.GetInt64(1), Failed = row.GetInt64(2), Temporary = row.GetInt64(3) }, [run.ToString()], cancellationToken)).Single();

    /// <inheritdoc/>
    public override Task<IReadOnlyList<RunRecord>> RunsAsync(string job, int count, CancellationToken cancellationToken) =>
        ReadAsync($"{SelectRun} WHERE s.job = $1 ORDER BY r.id DESC LIMIT $2", ReadRun, [job, count], cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<string>> OutputsAsync(string job, CancellationToken cancellationToken) => ReadAsync(
        "SELECT s.output FROM scope s JOIN run r ON r.scope = s.id WHERE s.job = $1 GROUP BY s.output ORDER BY max(r.id) DESC", row => row.GetString(0), [job], cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyDictionary<string, SettledDocument>> FindAsync(ResultScope scope, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        FindAsync("document d", "JOIN part p ON p.id = d.part JOIN run r ON r.id = p.run", scope, paths, cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyDictionary<string, SettledDocument>> FindContainersAsync(ResultScope scope, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        FindAsync("container d", "JOIN run r ON r.id = d.run", scope, paths, cancellationToken);

    /// <inheritdoc/>
    public override Task SettleAsync(Settlement settlement, CancellationToken cancellationToken) => InTransactionAsync(async sql =>
    {
        var (run, scope, work, extraction, job) = (await sql.ReadAsync("SELECT r.id, r.scope, r.work, r.extraction, s.job FROM run r JOIN scope s ON s.id = r.scope WHERE r.name = $1",
            row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetString(4)), [settlement.Run.ToString()], cancellationToken)).Single();
        if (settlement.Claim is { } claim)
            await ClaimedAsync(sql, run, job, claim, cancellationToken);
        else if (settlement.Token is { } token)
            await FenceAsync(sql, job, token, cancellationToken);

        if (settlement is { Pace: { } pace, Claim: null })
            await sql.ExecuteAsync("UPDATE run SET handled = $1, expected = $2 WHERE id = $3", [pace.Handled, pace.Expected, run], cancellationToken);
        if (settlement.Part is { } part)
        {
            // A transaction that committed though its caller was told otherwise is repeated: it says the same again.
            var id = (await sql.ReadAsync(
                """
                INSERT INTO part (run, shard, rows, bytes, sha256) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (run, shard) DO UPDATE SET rows = excluded.rows, bytes = excluded.bytes, sha256 = excluded.sha256 RETURNING id
                """,
                row => row.GetInt64(0), [run, part.Shard, part.Rows, part.Bytes, Convert.FromHexString(part.Sha256)], cancellationToken)).Single();
            var settled = ToJson(settlement.Settled);
            await sql.ExecuteAsync(
                $"""
                INSERT INTO document (scope, path, version, sha256, status, work, extraction, part)
                SELECT $1, value ->> 'path', value ->> 'version', {Bytes("value ->> 'sha256'")}, CAST(value ->> 'status' AS integer), $2, $3, $4 FROM {Listed(5)} WHERE true
                ON CONFLICT (scope, path) DO UPDATE SET version = excluded.version, sha256 = excluded.sha256, status = excluded.status,
                    work = excluded.work, extraction = excluded.extraction, part = excluded.part, retry = 0, gone = 0
                """,
                [scope, work, extraction, id, settled], cancellationToken);
            var names = ToJson(settlement.Settled.Select(row => row.Path));
            await DeleteAsync("failure", names);
            await DeleteAsync("container", names);
            await DeleteAsync("suspect", names);
        }

        // Before the containers: one of them may be recorded as to be opened again though its own text is unchanged.
        if (settlement.Unchanged.Count > 0)
        {
            var unchanged = ToJson(settlement.Unchanged);
            await TouchAsync("container", "retry = 0", unchanged);
            await TouchAsync("document", "retry = 0, gone = 0", unchanged);
            await sql.ExecuteAsync($"DELETE FROM failure WHERE scope = $1 AND permanent = 0 AND path IN (SELECT value ->> 'path' FROM {Listed(2)})", [scope, unchanged], cancellationToken);
            await TouchAsync("failure", "gone = 0", unchanged);
        }

        if (settlement.Containers.Count > 0)
        {
            await sql.ExecuteAsync(
                $"""
                INSERT INTO container (scope, path, version, sha256, status, work, extraction, retry, run)
                SELECT $1, value ->> 'path', value ->> 'version', {Bytes("value ->> 'sha256'")}, CAST(value ->> 'status' AS integer), $2, $3, CAST(value ->> 'retry' AS integer), $4 FROM {Listed(5)} WHERE true
                ON CONFLICT (scope, path) DO UPDATE SET version = excluded.version, sha256 = excluded.sha256, status = excluded.status,
                    work = excluded.work, extraction = excluded.extraction, retry = excluded.retry, run = excluded.run
                """,
                [scope, work, extraction, run, ToJson(settlement.Containers.Select(one => new { one.Path, one.Version, one.Sha256, one.Status, Retry = one.Retry ? 1 : 0 }))], cancellationToken);
            var rowless = ToJson(settlement.Containers.Where(one => !one.HasOwnRow).Select(one => one.Path));
            await DeleteAsync("failure", rowless);
            await DeleteAsync("document", rowless);
            // Of one that was read to its end nothing is left to be tried again; what once cut its reading short bears a name that does not come again. '0' is the sign behind '/'.
            await sql.ExecuteAsync(
                $"""
                DELETE FROM failure WHERE scope = $1 AND path IN (
                    SELECT f.path FROM {ListedTexts(2)} CROSS JOIN failure f WHERE f.scope = $1 AND f.permanent = 0 AND f.path > value || '!/' AND f.path < value || '!0')
                """,
                [scope, ToJson(settlement.Containers.Where(one => !one.Retry).Select(one => one.Path))], cancellationToken);
        }

        if (settlement.Failures.Count > 0)
            await sql.ExecuteAsync(
                $"""
                INSERT INTO failure (scope, path, version, run, stage, reason, permanent, at, sha256)
                SELECT $1, value ->> 'path', value ->> 'version', $2, value ->> 'stage', value ->> 'reason', CAST(value ->> 'permanent' AS integer), value ->> 'at', {Bytes("value ->> 'sha256'")} FROM {Listed(3)} WHERE true
                ON CONFLICT (scope, path) DO UPDATE SET version = excluded.version, run = excluded.run, stage = excluded.stage, reason = excluded.reason, permanent = excluded.permanent, at = excluded.at,
                    sha256 = excluded.sha256, gone = 0
                """,
                [
                    scope, run,
                    ToJson(settlement.Failures.Select(failed => new
                    {
                        failed.Path, failed.Version, failed.Failure.Stage, failed.Failure.Reason, Permanent = failed.Failure.Permanent ? 1 : 0, At = Text(failed.At), failed.Sha256,
                    })),
                ],
                cancellationToken);
        // Last, when everything that was come to bears the version of its container.
        await NoteGoneAsync(sql, scope, [.. settlement.Containers.Select(one => new DocumentId(one.Path, one.Version)), .. settlement.Emptied], cancellationToken);
        return true;

        Task DeleteAsync(string table, string names) => sql.ExecuteAsync($"DELETE FROM {table} WHERE scope = $1 AND path IN (SELECT value FROM {ListedTexts(2)})", [scope, names], cancellationToken);

        Task TouchAsync(string table, string also, string documents) => sql.ExecuteAsync(
            $"UPDATE {table} SET version = value ->> 'version', {also} FROM {Listed(2)} WHERE {table}.scope = $1 AND {table}.path = value ->> 'path'", [scope, documents], cancellationToken);
    }, cancellationToken);

    /// <inheritdoc/>
    public override async IAsyncEnumerable<PartRecord> PartsAsync(ResultScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Run by run: there are a thousand times fewer, and pages of all parts together would each sort all of them.
        var runs = await ReadAsync(
            "SELECT r.name FROM run r JOIN scope s ON s.id = r.scope WHERE s.job = $1 AND s.output = $2 AND EXISTS (SELECT 1 FROM part p WHERE p.run = r.id) ORDER BY r.run_date, r.name",
            row => row.GetString(0), [scope.Job, scope.Output], cancellationToken);
        foreach (var run in runs)
            await foreach (var part in Pages($"{SelectPart} WHERE r.name = $1 AND p.shard > $2 ORDER BY p.shard", ReadPart, [run], last => [last?.Shard ?? -1], cancellationToken))
                yield return part;
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<PartRecord>> PartsOfAsync(RunId run, CancellationToken cancellationToken) =>
        ReadAsync($"{SelectPart} WHERE r.name = $1 ORDER BY p.shard", ReadPart, [run.ToString()], cancellationToken);

    /// <inheritdoc/>
    public override async Task<IReadOnlySet<string>> ValidInAsync(PartRecord part, CancellationToken cancellationToken)
    {
        var paths = await ReadAsync(
            "SELECT d.path FROM document d JOIN part p ON p.id = d.part JOIN run r ON r.id = p.run WHERE r.name = $1 AND p.shard = $2",
            row => row.GetString(0), [part.Run.ToString(), part.Shard], cancellationToken);
        return paths.ToHashSet(StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public override Task ReadValidAsync(ResultScope scope, Func<IAsyncEnumerable<ValidRow>, Task> read, CancellationToken cancellationToken) => QueryAsync(async batch =>
    {
        // One statement sees one moment, in SQLite as in PostgreSQL.
        await read(batch.StreamAsync(
            "SELECT r.name, p.shard, d.path, d.gone FROM scope s JOIN run r ON r.scope = s.id JOIN part p ON p.run = r.id JOIN document d ON d.part = p.id WHERE s.job = $1 AND s.output = $2",
            row => new ValidRow(RunId.Parse(row.GetString(0)), row.GetInt32(1), row.GetString(2)) { IsGone = row.GetInt32(3) != 0 }, [scope.Job, scope.Output], cancellationToken));
        return true;
    }, cancellationToken);

    /// <inheritdoc/>
    public override IAsyncEnumerable<FailureRecord> FailuresOfAsync(RunId run, CancellationToken cancellationToken) => Pages(
        $"{SelectFailure} WHERE r.name = $1 AND f.scope = r.scope AND f.path > $2 ORDER BY f.path", ReadFailure, [run.ToString()], last => [last?.Path ?? ""], cancellationToken);

    /// <inheritdoc/>
    public override IAsyncEnumerable<FailureRecord> FailuresAsync(ResultScope scope, CancellationToken cancellationToken) => Pages(
        $"{SelectFailure} JOIN scope s ON s.id = f.scope WHERE s.job = $1 AND s.output = $2 AND (f.stage, f.reason, f.path) > ($3, $4, $5) ORDER BY f.stage, f.reason, f.path",
        ReadFailure, [scope.Job, scope.Output], last => last is null ? ["", "", ""] : [last.Failure.Stage, last.Failure.Reason, last.Path], cancellationToken);

    /// <inheritdoc/>
    public override Task SuspectAsync(Fall fall, CancellationToken cancellationToken) => InTransactionAsync(
        sql => sql.ExecuteAsync(
            $"""
            INSERT INTO suspect (scope, path, version, in_company, alone, run)
            SELECT s.id, value ->> 'path', value ->> 'version', $3, $4, $5 FROM scope s CROSS JOIN {Listed(6)} WHERE s.job = $1 AND s.output = $2
            ON CONFLICT (scope, path) DO UPDATE SET
                in_company = excluded.in_company + CASE WHEN suspect.version = excluded.version THEN suspect.in_company ELSE 0 END,
                alone = excluded.alone + CASE WHEN suspect.version = excluded.version THEN suspect.alone ELSE 0 END, version = excluded.version, run = excluded.run
            WHERE suspect.run <> excluded.run
            """,
            [fall.Scope.Job, fall.Scope.Output, fall.IsAlone ? 0 : 1, fall.IsAlone ? 1 : 0, fall.Run.ToString(), ToJson(fall.Documents.DistinctBy(one => one.Path))], cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public override async Task<IReadOnlyDictionary<string, Suspect>> SuspectsAsync(ResultScope scope, CancellationToken cancellationToken) => (await ReadAsync(
        "SELECT d.path, d.version, d.in_company, d.alone FROM suspect d JOIN scope s ON s.id = d.scope WHERE s.job = $1 AND s.output = $2",
        row => new Suspect(row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetInt32(3)), [scope.Job, scope.Output], cancellationToken)).ToDictionary(suspect => suspect.Path, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override async Task<long> RetryAsync(ResultScope scope, CancellationToken cancellationToken) => await InTransactionAsync(async sql =>
    {
        const string within = "scope = (SELECT id FROM scope WHERE job = $1 AND output = $2)", failed = $"{within} AND status = $3";
        object[] of = [scope.Job, scope.Output, (int)RowStatus.Failed];
        await sql.ExecuteAsync($"DELETE FROM suspect WHERE {within}", of[..2], cancellationToken);
        await sql.ExecuteAsync($"UPDATE container SET retry = 1 WHERE {failed}", of, cancellationToken);
        // Those that are gone too, should they come back.
        await sql.ExecuteAsync($"UPDATE document SET retry = 1 WHERE {failed}", of, cancellationToken);
        return (await sql.ReadAsync(
            $"SELECT count(*) FROM document d WHERE {failed} AND gone = 0 AND NOT EXISTS (SELECT 1 FROM failure f WHERE f.scope = d.scope AND f.path = d.path AND f.gone <> 0)", row => row.GetInt64(0), of, cancellationToken)).Single();
    }, cancellationToken);

    /// <inheritdoc/>
    public override async Task<long> RedoAsync(PartRecord part, CancellationToken cancellationToken)
    {
        var paths = await ValidInAsync(part, cancellationToken);
        return await InTransactionAsync(async sql =>
        {
            const string redo = "SET retry = 1 WHERE scope = (SELECT scope FROM run WHERE name = $1) AND path IN";
            var around = paths.SelectMany(DocumentsAround.Of).Distinct(StringComparer.Ordinal);
            await sql.ExecuteAsync($"UPDATE container {redo} (SELECT value FROM {ListedTexts(2)})", [part.Run.ToString(), ToJson(around)], cancellationToken);
            return await sql.ExecuteAsync($"UPDATE document {redo} (SELECT value FROM {ListedTexts(2)})", [part.Run.ToString(), ToJson(paths)], cancellationToken);
        }, cancellationToken);
    }

    /// <summary>Reads one page of nothing but rows.</summary>
    private protected Task<IReadOnlyList<T>> ReadAsync<T>(string sql, Func<DbDataReader, T> read, IReadOnlyList<object?> values, CancellationToken cancellationToken) =>
        QueryAsync(batch => batch.ReadAsync(sql, read, values, cancellationToken), cancellationToken);

    /// <summary>A list as one value. PostgreSQL takes no NUL in a text; such a character stands in no name, but perhaps in a reason.</summary>
    private protected static string ToJson<T>(IEnumerable<T> items)
    {
        var json = JsonSerializer.Serialize(items, Json);
        return json.Contains("\\u0000", StringComparison.Ordinal) ? Nul().Replace(json, "\\ufffd") : json;
    }

    // Not where the backslash is one of the text itself.
    [GeneratedRegex(@"(?<=(?<!\\)(?:\\\\)*)\\u0000")]
    private static partial Regex Nul();

    internal static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private protected static DateTimeOffset Moment(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private const string SelectRun =
        """
        SELECT r.name, s.job, s.output, r.run_date, r.started, w.value, e.value, r.header, r.ending, r.handled, r.expected, r.paused
        FROM run r JOIN scope s ON s.id = r.scope JOIN fingerprint w ON w.id = r.work JOIN fingerprint e ON e.id = r.extraction
        """;

    private const string SelectPart = "SELECT r.name, r.run_date, p.shard, p.rows, p.bytes, p.sha256 FROM part p JOIN run r ON r.id = p.run JOIN scope s ON s.id = r.scope";

    private const string SelectFailure = "SELECT f.path, f.version, f.stage, f.reason, f.permanent, r.name, f.at, f.sha256, f.gone FROM failure f JOIN run r ON r.id = f.run";

    private static RunRecord ReadRun(DbDataReader row) => new()
    {
        Run = RunId.Parse(row.GetString(0)),
        Scope = new ResultScope(row.GetString(1), row.GetString(2)),
        RunDate = DateOnly.ParseExact(row.GetString(3), "yyyy-MM-dd", CultureInfo.InvariantCulture),
        Started = Moment(row.GetString(4)),
        Work = row.GetString(5),
        Extraction = row.GetString(6),
        Header = row.GetString(7),
        Pace = row.IsDBNull(9) ? null : new RunPace(row.GetInt64(9), row.IsDBNull(10) ? null : row.GetInt64(10)),
        Paused = row.IsDBNull(11) ? null : row.GetString(11),
        Ending = row.IsDBNull(8) ? null : JsonSerializer.Deserialize<RunEnding>(row.GetString(8)),
    };

    private static PartRecord ReadPart(DbDataReader row) => new(
        RunId.Parse(row.GetString(0)), DateOnly.ParseExact(row.GetString(1), "yyyy-MM-dd", CultureInfo.InvariantCulture), row.GetInt32(2), row.GetInt32(3), row.GetInt64(4), Hex(row, 5)!);

    private static FailureRecord ReadFailure(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), new DocumentFailure(row.GetString(2), row.GetString(3), row.GetInt32(4) != 0), RunId.Parse(row.GetString(5)), Moment(row.GetString(6)))
    {
        Sha256 = Hex(row, 7),
        IsGone = row.GetInt32(8) != 0,
    };

    private static string? Hex(DbDataReader row, int column) => row.IsDBNull(column) ? null : Convert.ToHexStringLower(row.GetFieldValue<byte[]>(column));

    private static string Text(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private async Task<IReadOnlyDictionary<string, SettledDocument>> FindAsync(string table, string toRun, ResultScope scope, IReadOnlyCollection<string> paths, CancellationToken cancellationToken)
    {
        var rows = await ReadAsync(
            $"""
            SELECT d.path, d.version, d.sha256, d.status, w.value, e.value,
                   d.retry <> 0 OR EXISTS (SELECT 1 FROM failure f WHERE f.scope = d.scope AND f.path = d.path AND f.permanent = 0 AND f.version = d.version), r.name
            FROM {ListedTexts(3)}
            JOIN scope s ON s.job = $1 AND s.output = $2
            CROSS JOIN {table}
            JOIN fingerprint w ON w.id = d.work JOIN fingerprint e ON e.id = d.extraction
            {toRun}
            WHERE d.scope = s.id AND d.path = listed.value
            """,
            row => (Path: row.GetString(0), Settled: new SettledDocument(
                row.GetString(1), Hex(row, 2), (RowStatus)row.GetInt32(3), row.GetString(4), row.GetString(5), row.GetBoolean(6), RunId.Parse(row.GetString(7)))),
            [scope.Job, scope.Output, ToJson(paths)], cancellationToken);
        return rows.ToDictionary(row => row.Path, row => row.Settled, StringComparer.Ordinal);
    }

    // A page at a time, so that neither memory grows with the books nor a reader keeps the connection while its caller works. Each page begins behind the last row of the one before:
    // an offset would read all pages before it again.
    private async IAsyncEnumerable<T> Pages<T>(
        string query, Func<DbDataReader, T> read, object[] values, Func<T?, object[]> behind, [EnumeratorCancellation] CancellationToken cancellationToken) where T : class
    {
        T? last = null;
        while (true)
        {
            var rows = await ReadAsync($"{query} LIMIT {PageRows}", read, [.. values, .. behind(last)], cancellationToken);
            foreach (var row in rows)
                yield return row;
            if (rows.Count < PageRows)
                yield break;
            last = rows[^1];
        }
    }
}
