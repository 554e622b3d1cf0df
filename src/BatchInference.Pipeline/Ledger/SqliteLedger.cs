using BatchInference.Documents.Extraction;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using BatchInference.Pipeline.Results;
using Microsoft.Data.Sqlite;

namespace BatchInference.Pipeline;

/// <summary>The books of one machine: a SQLite file in the state folder.</summary>
public sealed class SqliteLedger : Ledger
{
    private readonly string folder;
    private readonly SqliteConnection connection;

    // One connection, one user of it at a time: SQLite has one writer anyway, and readers of other processes (status) do not wait for it under write-ahead logging.
    private readonly SemaphoreSlim turn = new(1, 1);

    private SqliteLedger(string folder, SqliteConnection connection)
    {
        this.folder = folder;
        this.connection = connection;
    }

    /// <summary>Opens the ledger of a state folder, making it where there is none.</summary>
    /// <exception cref="SqliteException">The file cannot be opened or is no ledger.</exception>
    /// <exception cref="InvalidDataException">A newer program made it.</exception>
    public static SqliteLedger Open(string stateFolder)
    {
        Directory.CreateDirectory(stateFolder);
        var connection = SqliteFile.Open(Path.Combine(stateFolder, SqliteFile.Name));
        try
        {
            SqliteSchema.Migrate(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        return new SqliteLedger(stateFolder, connection);
    }

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> HoldAsync(string job, JobHolder holder, CancellationToken cancellationToken) =>
        Task.FromResult<IAsyncDisposable>(JobLock.Take(Locks, job, holder));

    /// <inheritdoc/>
    public override Task<JobHolder?> HolderAsync(string job, CancellationToken cancellationToken) => Task.FromResult(JobLock.Holder(Locks, job));

    /// <inheritdoc/>
    public override Task BeginAsync(RunRecord run, CancellationToken cancellationToken) => InTransaction(sql =>
    {
        sql.Execute("INSERT OR IGNORE INTO scope (job, output) VALUES ($1, $2)", run.Scope.Job, run.Scope.Output);
        sql.Execute("INSERT OR IGNORE INTO fingerprint (value) VALUES ($1), ($2)", run.Work, run.Extraction);
        sql.Execute(
            """
            INSERT INTO run (name, scope, run_date, started, work, extraction, header)
            SELECT $1, (SELECT id FROM scope WHERE job = $2 AND output = $3), $4, $5, (SELECT id FROM fingerprint WHERE value = $6), (SELECT id FROM fingerprint WHERE value = $7), $8
            """,
            run.Run.ToString(), run.Scope.Job, run.Scope.Output, Text(run.RunDate), Text(run.Started), run.Work, run.Extraction, run.Header);
    }, cancellationToken);

    /// <inheritdoc/>
    public override Task EndAsync(RunId run, RunEnding ending, CancellationToken cancellationToken) => InTransaction(
        sql => sql.Execute("UPDATE run SET ending = $1 WHERE name = $2", JsonSerializer.Serialize(ending), run.ToString()), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<RunRecord>> OpenRunsAsync(ResultScope scope, CancellationToken cancellationToken) => Query(
        sql => sql.Read($"{SelectRun} WHERE s.job = $1 AND s.output = $2 AND r.ending IS NULL ORDER BY r.id", ReadRun, scope.Job, scope.Output), cancellationToken);

    /// <inheritdoc/>
    public override async Task<RunRecord?> FindRunAsync(RunId run, CancellationToken cancellationToken) =>
        (await Query(sql => sql.Read($"{SelectRun} WHERE r.name = $1", ReadRun, run.ToString()), cancellationToken)).SingleOrDefault();

    /// <inheritdoc/>
    public override async Task<RunCounts> CountAsync(RunId run, CancellationToken cancellationToken) => (await Query(sql => sql.Read(
        """
        SELECT count(*) FILTER (WHERE d.status = 0), count(*) FILTER (WHERE d.status = 1), count(*) FILTER (WHERE d.status = 2),
               (SELECT count(*) FROM failure f JOIN run r ON r.id = f.run WHERE r.name = $1 AND f.permanent = 0)
        FROM run r JOIN part p ON p.run = r.id JOIN document d ON d.part = p.id WHERE r.name = $1
        """,
        row => new RunCounts { Completed = row.GetInt64(0), Partial = row.GetInt64(1), Failed = row.GetInt64(2), Temporary = row.GetInt64(3) }, run.ToString()), cancellationToken)).Single();

    /// <inheritdoc/>
    public override Task<IReadOnlyList<RunRecord>> RunsAsync(string job, int count, CancellationToken cancellationToken) => Query(
        sql => sql.Read($"{SelectRun} WHERE s.job = $1 ORDER BY r.id DESC LIMIT $2", ReadRun, job, count), cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyDictionary<string, SettledDocument>> FindAsync(ResultScope scope, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        FindAsync("document d", "JOIN part p ON p.id = d.part JOIN run r ON r.id = p.run", scope, paths, cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyDictionary<string, SettledDocument>> FindContainersAsync(ResultScope scope, IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        FindAsync("container d", "JOIN run r ON r.id = d.run", scope, paths, cancellationToken);

    private async Task<IReadOnlyDictionary<string, SettledDocument>> FindAsync(string table, string toRun, ResultScope scope, IReadOnlyCollection<string> paths, CancellationToken cancellationToken)
    {
        var rows = await Query(sql => sql.Read(
            $"""
            SELECT d.path, d.version, d.sha256, d.status, w.value, e.value, d.retry OR EXISTS (SELECT 1 FROM failure f WHERE f.scope = d.scope AND f.path = d.path AND f.permanent = 0), r.name
            FROM json_each($3) listed
            JOIN scope s ON s.job = $1 AND s.output = $2
            CROSS JOIN {table} ON d.scope = s.id AND d.path = listed.value
            JOIN fingerprint w ON w.id = d.work JOIN fingerprint e ON e.id = d.extraction
            {toRun}
            """,
            row => (Path: row.GetString(0), Settled: new SettledDocument(
                row.GetString(1), Hex(row, 2), (RowStatus)row.GetInt32(3), row.GetString(4), row.GetString(5), row.GetBoolean(6), RunId.Parse(row.GetString(7)))),
            scope.Job, scope.Output, JsonSerializer.Serialize(paths)), cancellationToken);
        return rows.ToDictionary(row => row.Path, row => row.Settled, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public override Task SettleAsync(Settlement settlement, CancellationToken cancellationToken) => InTransaction(sql =>
    {
        var (run, scope, work, extraction) = sql.Read("SELECT id, scope, work, extraction FROM run WHERE name = $1",
            row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)), settlement.Run.ToString()).Single();

        if (settlement.Part is { } part)
        {
            // A transaction that committed though its caller was told otherwise is repeated: it says the same again.
            var id = sql.Read(
                """
                INSERT INTO part (run, shard, rows, bytes, sha256) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (run, shard) DO UPDATE SET rows = $3, bytes = $4, sha256 = $5 RETURNING id
                """,
                row => row.GetInt64(0), run, part.Shard, part.Rows, part.Bytes, Convert.FromHexString(part.Sha256)).Single();
            foreach (var row in settlement.Settled)
            {
                sql.Execute(
                    """
                    INSERT INTO document (scope, path, version, sha256, status, work, extraction, part) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                    ON CONFLICT DO UPDATE SET version = $3, sha256 = $4, status = $5, work = $6, extraction = $7, part = $8, retry = 0
                    """,
                    scope, row.Path, row.Version, row.Sha256 is null ? null : Convert.FromHexString(row.Sha256), (int)row.Status, work, extraction, id);
                sql.Execute("DELETE FROM failure WHERE scope = $1 AND path = $2", scope, row.Path);
                sql.Execute("DELETE FROM container WHERE scope = $1 AND path = $2", scope, row.Path);
            }
        }

        foreach (var container in settlement.Containers)
        {
            sql.Execute(
                """
                INSERT OR REPLACE INTO container (scope, path, version, sha256, status, work, extraction, retry, run) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                """,
                scope, container.Path, container.Version, Convert.FromHexString(container.Sha256), (int)container.Status, work, extraction, container.Retry ? 1 : 0, run);
            if (container.HasOwnRow) continue;
            sql.Execute("DELETE FROM document WHERE scope = $1 AND path = $2", scope, container.Path);
            sql.Execute("DELETE FROM failure WHERE scope = $1 AND path = $2", scope, container.Path);
        }

        foreach (var document in settlement.Unchanged)
        {
            sql.Execute("UPDATE document SET version = $3, retry = 0 WHERE scope = $1 AND path = $2", scope, document.Path, document.Version);
            sql.Execute("UPDATE container SET version = $3, retry = 0 WHERE scope = $1 AND path = $2", scope, document.Path, document.Version);
            sql.Execute("DELETE FROM failure WHERE scope = $1 AND path = $2 AND permanent = 0", scope, document.Path);
        }

        foreach (var failed in settlement.Failures)
            sql.Execute(
                "INSERT OR REPLACE INTO failure (scope, path, version, run, stage, reason, permanent, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                scope, failed.Path, failed.Version, run, failed.Failure.Stage, failed.Failure.Reason, failed.Failure.Permanent ? 1 : 0, Text(failed.At));
    }, cancellationToken);

    /// <inheritdoc/>
    public override IAsyncEnumerable<PartRecord> PartsAsync(ResultScope scope, CancellationToken cancellationToken) => Pages(
        $"{SelectPart} WHERE s.job = $1 AND s.output = $2 AND (r.run_date, r.name, p.shard) > ($3, $4, $5) ORDER BY r.run_date, r.name, p.shard",
        ReadPart, [scope.Job, scope.Output], last => last is null ? ["", "", -1] : [Text(last.RunDate), last.Run.ToString(), last.Shard], cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<PartRecord>> PartsOfAsync(RunId run, CancellationToken cancellationToken) => Query(
        sql => sql.Read($"{SelectPart} WHERE r.name = $1 ORDER BY p.shard", ReadPart, run.ToString()), cancellationToken);

    /// <inheritdoc/>
    public override async Task<IReadOnlySet<string>> ValidInAsync(PartRecord part, CancellationToken cancellationToken)
    {
        var paths = await Query(sql => sql.Read(
            "SELECT d.path FROM document d JOIN part p ON p.id = d.part JOIN run r ON r.id = p.run WHERE r.name = $1 AND p.shard = $2",
            row => row.GetString(0), part.Run.ToString(), part.Shard), cancellationToken);
        return paths.ToHashSet(StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public override IAsyncEnumerable<FailureRecord> FailuresOfAsync(RunId run, CancellationToken cancellationToken) => Pages(
        $"{SelectFailure} WHERE r.name = $1 AND f.scope = r.scope AND f.path > $2 ORDER BY f.path", ReadFailure, [run.ToString()], last => [last?.Path ?? ""], cancellationToken);

    /// <inheritdoc/>
    public override IAsyncEnumerable<FailureRecord> FailuresAsync(string job, CancellationToken cancellationToken) => Pages(
        $"{SelectFailure} JOIN scope s ON s.id = f.scope WHERE s.job = $1 AND (f.stage, f.reason, f.path, r.name) > ($2, $3, $4, $5) ORDER BY f.stage, f.reason, f.path, r.name",
        ReadFailure, [job], last => last is null ? ["", "", "", ""] : [last.Failure.Stage, last.Failure.Reason, last.Path, last.Run.ToString()], cancellationToken);

    /// <inheritdoc/>
    public override async Task<long> RetryAsync(string job, CancellationToken cancellationToken)
    {
        var count = 0;
        await InTransaction(sql =>
        {
            const string failed = "SET retry = 1 WHERE status = $1 AND scope IN (SELECT id FROM scope WHERE job = $2)";
            count = sql.Execute($"UPDATE document {failed}", (int)RowStatus.Failed, job);
            sql.Execute($"UPDATE container {failed}", (int)RowStatus.Failed, job);
        }, cancellationToken);
        return count;
    }

    /// <inheritdoc/>
    public override async Task<long> RedoAsync(PartRecord part, CancellationToken cancellationToken)
    {
        var count = 0;
        await InTransaction(sql => count = sql.Execute(
            "UPDATE document SET retry = 1 WHERE part = (SELECT p.id FROM part p JOIN run r ON r.id = p.run WHERE r.name = $1 AND p.shard = $2)", part.Run.ToString(), part.Shard), cancellationToken);
        return count;
    }

    /// <inheritdoc/>
    public override async Task<IReadOnlyList<string>> DamagesAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            return SqliteFile.Damages(connection);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Copies the books as they are at one moment into one file, verified, while others go on using them. A file of that name is replaced when the copy is whole.</summary>
    /// <exception cref="InvalidDataException">The books are damaged.</exception>
    public async Task BackUpAsync(string file, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            SqliteFile.Copy(connection, file);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Puts the books of a backup in the place of these; these are kept first, in a file that is named.</summary>
    /// <param name="stateFolder">Whose ledger is replaced; need not have one.</param>
    /// <param name="file">A backup, or a copy of another ledger.</param>
    /// <param name="kept">Where the books that were there are kept.</param>
    /// <exception cref="InvalidDataException">The file is no whole ledger, or a newer program's.</exception>
    /// <exception cref="JobIsRunningException">A job runs.</exception>
    public static void Restore(string stateFolder, string file, string kept)
    {
        if (!File.Exists(file))
            throw new InvalidDataException($"{file}: there is no such file.");
        var locks = LocksOf(stateFolder);
        foreach (var held in Directory.Exists(locks) ? Directory.GetFiles(locks, "*.holder") : [])
            if (Path.GetFileNameWithoutExtension(held) is var job && JobLock.Holder(locks, job) is { } holder)
                throw new JobIsRunningException(job, holder);

        // Read-only: the backup stays as it is, even where it is of an older version.
        using var source = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ConnectionString);
        try
        {
            source.Open();
            SqliteSchema.Verify(source);
        }
        catch (SqliteException error)
        {
            throw new InvalidDataException($"{file}: this is no ledger ({error.Message}).", error);
        }

        Directory.CreateDirectory(stateFolder);
        var path = Path.Combine(stateFolder, SqliteFile.Name);
        var exists = File.Exists(path);
        using var target = SqliteFile.Open(path);
        if (exists)
            SqliteFile.Copy(target, kept);
        // One transaction of the target: who reads it sees the old books or the restored ones.
        source.BackupDatabase(target);
        SqliteSchema.Migrate(target);
    }

    /// <inheritdoc/>
    protected override ValueTask CloseAsync()
    {
        turn.Dispose();
        return connection.DisposeAsync();
    }

    private const string SelectRun =
        """
        SELECT r.name, s.job, s.output, r.run_date, r.started, w.value, e.value, r.header, r.ending
        FROM run r JOIN scope s ON s.id = r.scope JOIN fingerprint w ON w.id = r.work JOIN fingerprint e ON e.id = r.extraction
        """;

    private const string SelectPart = "SELECT r.name, r.run_date, p.shard, p.rows, p.bytes, p.sha256 FROM part p JOIN run r ON r.id = p.run JOIN scope s ON s.id = r.scope";

    private const string SelectFailure = "SELECT f.path, f.version, f.stage, f.reason, f.permanent, r.name, f.at FROM failure f JOIN run r ON r.id = f.run";

    private string Locks => LocksOf(folder);

    private static string LocksOf(string folder) => Path.Combine(folder, "running");

    private static RunRecord ReadRun(SqliteDataReader row) => new()
    {
        Run = RunId.Parse(row.GetString(0)),
        Scope = new ResultScope(row.GetString(1), row.GetString(2)),
        RunDate = DateOnly.ParseExact(row.GetString(3), "yyyy-MM-dd", CultureInfo.InvariantCulture),
        Started = Moment(row.GetString(4)),
        Work = row.GetString(5),
        Extraction = row.GetString(6),
        Header = row.GetString(7),
        Ending = row.IsDBNull(8) ? null : JsonSerializer.Deserialize<RunEnding>(row.GetString(8)),
    };

    private static PartRecord ReadPart(SqliteDataReader row) => new(
        RunId.Parse(row.GetString(0)), DateOnly.ParseExact(row.GetString(1), "yyyy-MM-dd", CultureInfo.InvariantCulture), row.GetInt32(2), row.GetInt32(3), row.GetInt64(4), Hex(row, 5)!);

    private static FailureRecord ReadFailure(SqliteDataReader row) => new(
        row.GetString(0), row.GetString(1), new DocumentFailure(row.GetString(2), row.GetString(3), row.GetBoolean(4)), RunId.Parse(row.GetString(5)), Moment(row.GetString(6)));

    private static string? Hex(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : Convert.ToHexStringLower(row.GetFieldValue<byte[]>(column));

    private static string Text(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset Moment(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private async Task InTransaction(Action<SqliteBatch> change, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            // Takes the write lock at once: a transaction that reads first and writes later could find that another process wrote in between.
            using var transaction = connection.BeginTransaction(deferred: false);
            using var batch = new SqliteBatch(connection, transaction);
            change(batch);
            transaction.Commit();
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<IReadOnlyList<T>> Query<T>(Func<SqliteBatch, IReadOnlyList<T>> query, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            using var batch = new SqliteBatch(connection, null);
            return query(batch);
        }
        finally
        {
            turn.Release();
        }
    }

    // A page at a time, so that neither memory grows with the books nor a reader keeps the connection while its caller works. Each page begins behind the last row of the one before:
    // an offset would read all pages before it again.
    private async IAsyncEnumerable<T> Pages<T>(
        string query, Func<SqliteDataReader, T> read, object[] values, Func<T?, object[]> behind, [EnumeratorCancellation] CancellationToken cancellationToken) where T : class
    {
        const int page = 1000;
        T? last = null;
        while (true)
        {
            object[] all = [.. values, .. behind(last)];
            var rows = await Query(sql => sql.Read($"{query} LIMIT {page}", read, all), cancellationToken);
            foreach (var row in rows)
                yield return row;
            if (rows.Count < page)
                yield break;
            last = rows[^1];
        }
    }
}
