using Npgsql;

namespace BatchInference.Pipeline;

/// <summary>The tables of <see cref="PostgresLedger"/>, in a schema of their own. Each entry brings a ledger one version further; entries are never changed, only added.</summary>
internal static class PostgresSchema
{
    public const string Name = "batch_inference";

    // Any number that no other program of the database uses: two nodes that start together must not both make the tables.
    private const long MigrationLock = 0x42_61_74_63_68_49_6e_66;

    // COLLATE "C" compares bytes, as SQLite does and as names of documents are ordered; a locale's order changes with the operating system and would break the indexes.
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE scope (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job text COLLATE "C" NOT NULL, output text COLLATE "C" NOT NULL, UNIQUE (job, output));
        CREATE TABLE fingerprint (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, value text COLLATE "C" NOT NULL UNIQUE);
        CREATE TABLE run (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE, scope bigint NOT NULL REFERENCES scope, run_date text COLLATE "C" NOT NULL,
            started text NOT NULL, work bigint NOT NULL REFERENCES fingerprint, extraction bigint NOT NULL REFERENCES fingerprint, header text NOT NULL, ending text);
        CREATE INDEX run_of_scope ON run (scope, started);
        CREATE INDEX run_open ON run (scope) WHERE ending IS NULL;
        CREATE TABLE part (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run bigint NOT NULL REFERENCES run, shard integer NOT NULL, rows integer NOT NULL, bytes bigint NOT NULL, sha256 bytea NOT NULL,
            UNIQUE (run, shard));
        CREATE TABLE document (
            scope bigint NOT NULL, path text COLLATE "C" NOT NULL, version text NOT NULL, sha256 bytea, status integer NOT NULL,
            work bigint NOT NULL, extraction bigint NOT NULL, retry integer NOT NULL DEFAULT 0, part bigint NOT NULL REFERENCES part, PRIMARY KEY (scope, path));
        CREATE INDEX document_of_part ON document (part);
        CREATE TABLE container (
            scope bigint NOT NULL, path text COLLATE "C" NOT NULL, version text NOT NULL, sha256 bytea NOT NULL, status integer NOT NULL,
            work bigint NOT NULL, extraction bigint NOT NULL, retry integer NOT NULL, run bigint NOT NULL REFERENCES run, PRIMARY KEY (scope, path));
        CREATE TABLE failure (
            scope bigint NOT NULL, path text COLLATE "C" NOT NULL, version text NOT NULL, run bigint NOT NULL REFERENCES run,
            stage text COLLATE "C" NOT NULL, reason text COLLATE "C" NOT NULL, permanent integer NOT NULL, at text NOT NULL, PRIMARY KEY (scope, path));
        CREATE INDEX failure_of_run ON failure (run, path);
        -- Reason and name together may be longer than an entry of an index (2,704 bytes).
        CREATE INDEX failure_by_reason ON failure (stage, left(reason, 200));
        CREATE TABLE hold (
            job text COLLATE "C" PRIMARY KEY, token bigint NOT NULL, run text NOT NULL, host text NOT NULL, process_id integer NOT NULL, since text NOT NULL, until timestamptz NOT NULL);
        """,

        // How far a run is, in listed documents.
        "ALTER TABLE run ADD COLUMN handled bigint, ADD COLUMN expected bigint;",

        // The shards of open runs, and who shares a run.
        """
        ALTER TABLE run ADD COLUMN listed boolean NOT NULL DEFAULT false, ADD COLUMN called_in boolean NOT NULL DEFAULT false;
        CREATE TABLE shard (
            run bigint NOT NULL REFERENCES run, number integer NOT NULL, documents text NOT NULL, done boolean NOT NULL DEFAULT false, token bigint NOT NULL, node text COLLATE "C",
            until timestamptz NOT NULL, handled bigint NOT NULL DEFAULT 0, share text NOT NULL DEFAULT '{}', PRIMARY KEY (run, number));
        CREATE INDEX shard_open ON shard (run, number) WHERE NOT done;
        CREATE TABLE node (
            run bigint NOT NULL REFERENCES run, name text COLLATE "C" NOT NULL, host text NOT NULL, process_id integer NOT NULL, version text NOT NULL, since text NOT NULL,
            until timestamptz NOT NULL, retries boolean NOT NULL DEFAULT false, refused text, PRIMARY KEY (run, name));
        """,

        // What was in hand when a worker died, and why a run waits.
        """
        CREATE TABLE suspect (
            scope bigint NOT NULL, path text COLLATE "C" NOT NULL, version text NOT NULL, in_company integer NOT NULL, alone integer NOT NULL, run text NOT NULL, PRIMARY KEY (scope, path));
        ALTER TABLE run ADD COLUMN paused text;
        """,

        // What is gone: 1 from the source, as its last whole list has it (failures only: an export asks the source itself), 2 from the container, as its last reading has it.
        """
        ALTER TABLE document ADD COLUMN gone integer NOT NULL DEFAULT 0;
        ALTER TABLE failure ADD COLUMN gone integer NOT NULL DEFAULT 0, ADD COLUMN sha256 bytea;
        """,

        // By what a shard is known that was put up though the node heard otherwise.
        "ALTER TABLE shard ADD COLUMN offer uuid UNIQUE;",
    ];

    // The oldest that was still kept up when this was written.
    private static readonly Version Oldest = new(12, 0);

    /// <summary>The version that this program makes.</summary>
    public static int Newest => Migrations.Length;

    /// <summary>Brings the tables to the newest version, in one transaction.</summary>
    /// <exception cref="InvalidDataException">A newer program made the ledger.</exception>
    public static async Task MigrateAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (connection.PostgreSqlVersion < Oldest)
            throw new InvalidDataException($"{connection.Host}/{connection.Database}: the server is PostgreSQL {connection.PostgreSqlVersion}, the ledger needs {Oldest.Major} at least. Bring the server further, or set Ledger:PostgreSql to another one.");
        // Looked at before anything is made: nearly always there is nothing to do, and the right to make a schema or a table is asked for even where they are there.
        if (await KnownVersionAsync(connection, cancellationToken) == Newest)
            return;
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({MigrationLock})", cancellationToken);
        if (!await IsThereAsync(connection, $"SELECT 1 FROM pg_namespace WHERE nspname = '{Name}'", cancellationToken))
            await ExecuteAsync(connection, $"CREATE SCHEMA {Name}", cancellationToken);
        if (!await IsThereAsync(connection, VersionTable, cancellationToken))
            await ExecuteAsync(connection, $"CREATE TABLE {Name}.version (number integer NOT NULL)", cancellationToken);
        // Another node may have been faster.
        var version = await KnownVersionAsync(connection, cancellationToken);
        for (; version < Newest; version++)
            await ExecuteAsync(connection, $"{Migrations[version]}\nDELETE FROM version; INSERT INTO version VALUES ({version + 1});", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private const string VersionTable = $"SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '{Name}' AND c.relname = 'version'";

    private static async Task<int> KnownVersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!await IsThereAsync(connection, VersionTable, cancellationToken))
            return 0;
        await using var command = new NpgsqlCommand($"SELECT number FROM {Name}.version", connection);
        var version = await command.ExecuteScalarAsync(cancellationToken) is int number ? number : 0;
        return version <= Newest
            ? version
            : throw new InvalidDataException($"{connection.Host}/{connection.Database}: the ledger has version {version}, this program knows versions up to {Newest}. Use the program that made it, or a newer one.");
    }

    private static async Task<bool> IsThereAsync(NpgsqlConnection connection, string query, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Constants of this class.
        await using var command = new NpgsqlCommand(query, connection);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string statements, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Constants of this class.
        await using var command = new NpgsqlCommand(statements, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
