using System.Globalization;
using Microsoft.Data.Sqlite;

namespace BatchInference.Pipeline;

/// <summary>The tables of <see cref="SqliteLedger"/>. Each entry brings a ledger one version further; entries are never changed, only added.</summary>
internal static class SqliteSchema
{
    // Hashes and fingerprints stand in a document's row as bytes and numbers: at ten million documents each saved byte is ten megabytes.
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE scope (id INTEGER PRIMARY KEY, job TEXT NOT NULL, output TEXT NOT NULL, UNIQUE (job, output));
        CREATE TABLE fingerprint (id INTEGER PRIMARY KEY, value TEXT NOT NULL UNIQUE);
        CREATE TABLE run (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, scope INTEGER NOT NULL REFERENCES scope, run_date TEXT NOT NULL, started TEXT NOT NULL,
            work INTEGER NOT NULL REFERENCES fingerprint, extraction INTEGER NOT NULL REFERENCES fingerprint, header TEXT NOT NULL, ending TEXT);
        CREATE INDEX run_of_scope ON run (scope, started);
        CREATE INDEX run_open ON run (scope) WHERE ending IS NULL;
        CREATE TABLE part (
            id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run, shard INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 BLOB NOT NULL,
            UNIQUE (run, shard));
        CREATE TABLE document (
            scope INTEGER NOT NULL, path TEXT NOT NULL, version TEXT NOT NULL, sha256 BLOB, status INTEGER NOT NULL,
            work INTEGER NOT NULL, extraction INTEGER NOT NULL, retry INTEGER NOT NULL DEFAULT 0, part INTEGER NOT NULL REFERENCES part,
            PRIMARY KEY (scope, path)) WITHOUT ROWID;
        CREATE INDEX document_of_part ON document (part);
        CREATE TABLE failure (
            scope INTEGER NOT NULL, path TEXT NOT NULL, version TEXT NOT NULL, run INTEGER NOT NULL REFERENCES run,
            stage TEXT NOT NULL, reason TEXT NOT NULL, permanent INTEGER NOT NULL, at TEXT NOT NULL,
            PRIMARY KEY (scope, path)) WITHOUT ROWID;
        CREATE INDEX failure_of_run ON failure (run);
        """,
        """
        CREATE TABLE container (
            scope INTEGER NOT NULL, path TEXT NOT NULL, version TEXT NOT NULL, sha256 BLOB NOT NULL, status INTEGER NOT NULL,
            work INTEGER NOT NULL, extraction INTEGER NOT NULL, retry INTEGER NOT NULL, run INTEGER NOT NULL REFERENCES run,
            PRIMARY KEY (scope, path)) WITHOUT ROWID;
        """,

        // The order in which failures are told: without it each page of them would sort all.
        "CREATE INDEX failure_by_reason ON failure (stage, reason, path);",

        // How far a run is, in listed documents.
        "ALTER TABLE run ADD COLUMN handled INTEGER; ALTER TABLE run ADD COLUMN expected INTEGER;",

        // What was in hand when a worker died, and why a run waits.
        """
        CREATE TABLE suspect (
            scope INTEGER NOT NULL, path TEXT NOT NULL, version TEXT NOT NULL, in_company INTEGER NOT NULL, alone INTEGER NOT NULL, run TEXT NOT NULL,
            PRIMARY KEY (scope, path)) WITHOUT ROWID;
        ALTER TABLE run ADD COLUMN paused TEXT;
        """,

        // What is gone: 1 from the source, as its last whole list has it (failures only: an export asks the source itself), 2 from the container, as its last reading has it.
        """
        ALTER TABLE document ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE failure ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE failure ADD COLUMN sha256 BLOB;
        """,
    ];

    /// <summary>The version that this program makes.</summary>
    public static int Newest => Migrations.Length;

    /// <summary>Brings the tables to the newest version; what was there before stays beside it as <see cref="BackupOf"/>.</summary>
    /// <exception cref="InvalidDataException">A newer program made the ledger.</exception>
    public static void Migrate(SqliteConnection connection)
    {
        // Looked at without a lock: nearly always there is nothing to do, and who asks for a status waits for no writer.
        var version = KnownVersion(connection);
        if (version == Newest)
            return;
        if (version > 0)
            SqliteFile.Copy(connection, BackupOf(connection.DataSource, version));
        using var transaction = connection.BeginTransaction(deferred: false);
        // Another process may have been faster.
        for (version = KnownVersion(connection); version < Newest; version++)
            SqliteFile.Execute(connection, $"{Migrations[version]}PRAGMA user_version = {version + 1};");
        transaction.Commit();
    }

    /// <summary>Where a ledger is kept as it was before its tables were brought further.</summary>
    public static string BackupOf(string file, int version) => Path.ChangeExtension(file, string.Create(CultureInfo.InvariantCulture, $".version-{version}.db"));

    /// <summary>Makes sure that a file is a whole ledger of a version that this program knows.</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    public static void Verify(SqliteConnection connection)
    {
        if (KnownVersion(connection) == 0)
            throw new InvalidDataException($"{connection.DataSource}: this is no ledger.");
        if (SqliteFile.Damages(connection) is { Count: > 0 } damages)
            throw new InvalidDataException($"{connection.DataSource}: the ledger is damaged: {damages[0]}.");
    }

    private static int KnownVersion(SqliteConnection connection) => SqliteFile.Version(connection) is var version && version <= Newest
        ? version
        : throw new InvalidDataException($"{connection.DataSource}: the ledger has version {version}, this program knows versions up to {Newest}. Use the program that made it, or a newer one{Before(connection.DataSource)}.");

    // As the upgrade kept it.
    private static string Before(string file) => BackupOf(file, Newest) is var kept && File.Exists(kept) ? $"; or go back to the books as they were before the upgrade: batch-inference ledger restore --from {kept}" : "";
}
