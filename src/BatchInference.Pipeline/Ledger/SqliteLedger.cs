using BatchInference.Pipeline.Results;
using Microsoft.Data.Sqlite;

namespace BatchInference.Pipeline;

/// <summary>The books of one machine: a SQLite file in the state folder.</summary>
public sealed class SqliteLedger : SqlLedger
{
    // Result codes of SQLite that are faults of this program (sqlite.org/rescode.html).
    private const int Mistake = 1, Constraint = 19, Misuse = 21;

    private readonly string folder;
    private readonly SqliteConnection connection;

    // One connection, one user of it at a time: SQLite has one writer anyway.
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

    /// <summary>The version of the tables.</summary>
    public static int Version => SqliteSchema.Newest;

    /// <summary>True when a state folder has a ledger.</summary>
    public static bool Exists(string stateFolder) => File.Exists(Path.Combine(stateFolder, SqliteFile.Name));

    /// <summary>Puts the books of a backup in the place of these; these are kept first: verified in one file, or, where they are damaged, the files as they are.</summary>
    /// <param name="stateFolder">Whose ledger is replaced; need not have one.</param>
    /// <param name="file">A backup, or a copy of another ledger.</param>
    /// <param name="kept">Where the books that were there are kept.</param>
    /// <exception cref="InvalidDataException">The file is no whole ledger, or a newer program's.</exception>
    /// <exception cref="JobIsRunningException">A job runs.</exception>
    /// <exception cref="SqliteException">The present books cannot be replaced: another process has them locked, or this account may not write them.</exception>
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
        if (!File.Exists(path) || TryKeep(path, kept))
        {
            using var target = SqliteFile.Open(path);
            // One transaction of the target: who reads it sees the old books or the restored ones.
            source.BackupDatabase(target);
            SqliteSchema.Migrate(target);
            return;
        }

        // Nothing can be written into a damaged file that could be relied upon. The new one is whole before the old one leaves its place.
        var restored = $"{path}.{Path.GetRandomFileName()}.tmp";
        try
        {
            SqliteFile.Copy(source, restored);
            SqliteFile.MoveAside(path, kept);
            // Flushed: a start that found no ledger would make an empty one.
            if (!DurableFolder.MoveWithoutReplacing(restored, path))
                throw new IOException($"{path}: another process made a ledger here meanwhile, so nothing was restored; the one before is {kept}. Stop what runs with this state folder and restore again.");
        }
        catch when (!File.Exists(path) || !File.Exists(kept))
        {
            SqliteFile.MoveAside(kept, path);
            throw;
        }
        finally
        {
            File.Delete(restored);
        }

        using var opened = SqliteFile.Open(path);
        SqliteSchema.Migrate(opened);
    }

    // False where the books are damaged; they are as they were then, their log too.
    private static bool TryKeep(string path, string kept)
    {
        if (!SqliteFile.BeginsAsDatabase(path))
            return false;
        try
        {
            using var present = SqliteFile.Open(path);
            SqliteFile.CheckpointWhenClosed(present, false);
            SqliteFile.Copy(present, kept);
            SqliteFile.CheckpointWhenClosed(present, true);
            return true;
        }
        catch (Exception error) when (error is InvalidDataException || (error is SqliteException failed && SqliteFile.IsDamage(failed)))
        {
            return false;
        }
    }

    /// <summary>Copies the books as they are at one moment into one file, verified, while others go on using them. A file of that name is replaced when the copy is whole.</summary>
    /// <exception cref="InvalidDataException">The books are damaged.</exception>
    public Task BackUpAsync(string file, CancellationToken cancellationToken) => InTurnAsync(() =>
    {
        SqliteFile.Copy(connection, file);
        return Task.FromResult(true);
    }, cancellationToken);

    /// <inheritdoc/>
    public override Task<JobHold> HoldAsync(string job, JobHolder holder, CancellationToken cancellationToken) =>
        Task.FromResult<JobHold>(JobLock.Take(LocksOf(folder), job, holder));

    /// <inheritdoc/>
    public override Task<JobHolder?> HolderAsync(string job, CancellationToken cancellationToken) => Task.FromResult(JobLock.Holder(LocksOf(folder), job));

    /// <inheritdoc/>
    public override Task<IReadOnlyList<string>> DamagesAsync(CancellationToken cancellationToken) => InTurnAsync(() => Task.FromResult(SqliteFile.Damages(connection)), cancellationToken);

    /// <inheritdoc/>
    protected override ValueTask CloseAsync()
    {
        turn.Dispose();
        return connection.DisposeAsync();
    }

    private protected override string Listed(int parameter) => $"json_each(${parameter}) listed";

    private protected override string ListedTexts(int parameter) => Listed(parameter);

    private protected override string Bytes(string hex) => $"unhex({hex})";

    private protected override Task<T> InTransactionAsync<T>(Func<SqlBatch, Task<T>> change, CancellationToken cancellationToken) => InTurnAsync(async () =>
    {
        // Takes the write lock at once: a transaction that reads first and writes later could find that another process wrote in between.
        await using var transaction = connection.BeginTransaction(deferred: false);
        await using var batch = new SqlBatch(connection, transaction);
        var result = await change(batch);
        await transaction.CommitAsync(CancellationToken.None);
        return result;
    }, cancellationToken);

    internal override ShardBoard BoardOf(RunId run, bool leads, ShardDocuments documents, TimeProvider clock) => new MemoryBoard(clock);

    private protected override Task<T> QueryAsync<T>(Func<SqlBatch, Task<T>> query, CancellationToken cancellationToken) => InTurnAsync(async () =>
    {
        await using var batch = new SqlBatch(connection, null);
        return await query(batch);
    }, cancellationToken);

    private static string LocksOf(string folder) => Path.Combine(folder, "running");

    private async Task<T> InTurnAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        catch (SqliteException error) when (error.SqliteErrorCode is not (Mistake or Constraint or Misuse))
        {
            throw new LedgerUnusableException(connection.DataSource, error);
        }
        finally
        {
            turn.Release();
        }
    }
}
