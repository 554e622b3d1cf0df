using System.Globalization;
using Microsoft.Data.Sqlite;

namespace BatchInference.Pipeline;

/// <summary>The file of a <see cref="SqliteLedger"/>: opened so that what is recorded outlives a power cut, copied whole while others use it.</summary>
internal static class SqliteFile
{
    public const string Name = "ledger.db";

    // Result codes of SQLite (sqlite.org/rescode.html).
    private const int CannotBeRead = 10, Corrupt = 11, NoDatabase = 26;

    // SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE (sqlite.org/c3ref/c_dbconfig_defensive.html).
    private const int NoCheckpointOnClose = 1006;

    /// <summary>Opens a file, making it where there is none; tables are not looked at.</summary>
    /// <exception cref="SqliteException">It cannot be opened or is no database.</exception>
    public static SqliteConnection Open(string path)
    {
        // Thirty seconds for another process's transaction: shards are recorded in milliseconds, so more means that something is wrong.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 30, Pooling = false }.ConnectionString);
        try
        {
            connection.Open();
            // Under write-ahead logging readers of other processes (status) wait for nobody.
            Execute(connection, "PRAGMA journal_mode = WAL");
            // FULL: what a run is told to be recorded must outlive a power cut, or its documents would get a second row. On macOS only fullfsync reaches the disk itself.
            Execute(connection, "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON");
            // A damaged page is found when it is read, not when its content is believed; the log shrinks again after a migration.
            Execute(connection, "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>The version of the tables; 0 for a file without any.</summary>
    public static int Version(SqliteConnection connection)
    {
        using var command = Command(connection, "PRAGMA user_version");
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>Copies a ledger as it is at one moment into one file, verified, while others go on using it. A file of that name is replaced when the copy is whole.</summary>
    /// <exception cref="InvalidDataException">The ledger is damaged.</exception>
    /// <exception cref="IOException">There is no such folder, or no room in it.</exception>
    /// <exception cref="UnauthorizedAccessException">This account may not write there.</exception>
    public static void Copy(SqliteConnection connection, string file)
    {
        var temporary = $"{file}.{Path.GetRandomFileName()}.tmp";
        // Made here and not by SQLite, whose error would not tell the place of the copy from the ledger's own.
        using (new FileStream(temporary, FileMode.CreateNew))
        {
        }

        try
        {
            using (var copy = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = temporary, Pooling = false }.ConnectionString))
            {
                copy.Open();
                Execute(copy, "PRAGMA synchronous = FULL");
                connection.BackupDatabase(copy);
                // One file, without a log beside it.
                Execute(copy, "PRAGMA journal_mode = DELETE");
                if (Damages(copy) is { Count: > 0 } damages)
                    throw new InvalidDataException($"{connection.DataSource}: the ledger is damaged, so no copy was kept: {damages[0]}.");
            }

            using (var whole = new FileStream(temporary, FileMode.Open, FileAccess.ReadWrite))
                whole.Flush(flushToDisk: true);
            File.Move(temporary, file, overwrite: true);
        }
        catch (SqliteException error) when (IsDamage(error))
        {
            throw new InvalidDataException($"{connection.DataSource}: the ledger is damaged, so no copy was kept ({error.Message}).", error);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>True for what a damaged file gives: a page that cannot be read or makes no sense, no database at all.</summary>
    public static bool IsDamage(SqliteException error) => error.SqliteErrorCode is CannotBeRead or Corrupt or NoDatabase;

    /// <summary>True for a file that begins as a database does (sqlite.org/fileformat.html). Of one that does not, SQLite may throw the log away when it opens it.</summary>
    public static bool BeginsAsDatabase(string path)
    {
        Span<byte> begin = stackalloc byte[16];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return file.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false) == begin.Length && begin.SequenceEqual("SQLite format 3\0"u8);
    }

    /// <summary>Whether closing the last connection puts the log into the file and removes it, as it does by itself.</summary>
    public static void CheckpointWhenClosed(SqliteConnection connection, bool wanted) =>
        SQLitePCL.raw.sqlite3_db_config(connection.Handle!, NoCheckpointOnClose, wanted ? 0 : 1, out _);

    /// <summary>Moves a file with its log aside as they are, byte for byte; nobody has it open.</summary>
    public static void MoveAside(string path, string to)
    {
        // The file itself last: at no moment does a log lie beside a file that it is not of.
        foreach (var end in (string[])["-shm", "-wal", ""])
            if (File.Exists(path + end))
                File.Move(path + end, to + end);
    }

    /// <summary>What SQLite finds damaged; reads every page.</summary>
    public static IReadOnlyList<string> Damages(SqliteConnection connection)
    {
        return
        [
            .. Read(connection, "PRAGMA integrity_check(20)", row => row.GetString(0)).Where(line => line != "ok"),
            .. Read(connection, "PRAGMA foreign_key_check", row => $"a row of {row.GetString(0)} refers to a row of {row.GetString(2)} that is gone").Distinct(),
        ];
    }

    public static void Execute(SqliteConnection connection, string statements)
    {
        using var command = Command(connection, statements);
        command.ExecuteNonQuery();
    }

    private static List<string> Read(SqliteConnection connection, string statement, Func<SqliteDataReader, string> read)
    {
        var lines = new List<string>();
        using var command = Command(connection, statement);
        using var reader = command.ExecuteReader();
        while (reader.Read())
            lines.Add(read(reader));
        return lines;
    }

    private static SqliteCommand Command(SqliteConnection connection, string statements)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this assembly.
        command.CommandText = statements;
#pragma warning restore CA2100
        return command;
    }
}
