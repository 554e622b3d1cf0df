using Npgsql;
using Polly;

namespace BatchInference.Pipeline;

/// <summary>The books of many machines: a schema of a PostgreSQL database (12 or newer).</summary>
public sealed class PostgresLedger : SqlLedger
{
    private readonly PostgresDatabase database;
    private readonly TimeSpan lease;
    private readonly TimeProvider time;

    private PostgresLedger(PostgresDatabase database, TimeSpan lease, TimeProvider time)
    {
        this.database = database;
        this.lease = lease;
        this.time = time;
    }

    /// <summary>The version of the tables.</summary>
    public static int Version => PostgresSchema.Newest;

    /// <summary>Opens the ledger, making or bringing further its tables.</summary>
    /// <param name="connection">The connection string, password and all.</param>
    /// <param name="lease">After so long without a sign of life a holder loses its job to whoever asks for it.</param>
    /// <param name="patience">How an operation is tried again. All of them may be: each says the same again.</param>
    /// <param name="time">Times the signs of life.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <exception cref="NpgsqlException">The server cannot be reached or refuses.</exception>
    /// <exception cref="InvalidDataException">A newer program made the ledger.</exception>
    public static async Task<PostgresLedger> OpenAsync(string connection, TimeSpan lease, ResiliencePipeline patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(connection) { SearchPath = PostgresSchema.Name, ApplicationName = "batch-inference" };
        // Its own log would show statements with names of documents.
        var database = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
        try
        {
            await PostgresSchema.MigrateAsync(database, cancellationToken);
            return new PostgresLedger(new PostgresDatabase(database, patience), lease, time);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public override bool IsShared => true;

    /// <inheritdoc/>
    public override async Task<JobHold> HoldAsync(string job, JobHolder holder, CancellationToken cancellationToken)
    {
        // The database's clock alone decides, so that nodes need not agree on the time. A transaction that committed though its caller was told otherwise is repeated: it finds the lease to be its own.
        var tokens = await InTransactionAsync(sql => sql.ReadAsync(
            """
            INSERT INTO hold (job, token, run, host, process_id, since, until) VALUES ($1, 1, $2, $3, $4, $5, clock_timestamp() + $6)
            ON CONFLICT (job) DO UPDATE SET token = hold.token + 1, run = excluded.run, host = excluded.host, process_id = excluded.process_id, since = excluded.since, until = excluded.until
            WHERE hold.until < clock_timestamp() OR (hold.run = excluded.run AND hold.host = excluded.host AND hold.process_id = excluded.process_id) RETURNING token
            """,
            row => row.GetInt64(0), [job, holder.Run.ToString(), holder.Host, holder.ProcessId, Text(holder.Since), lease], cancellationToken), cancellationToken);
        return tokens.Count > 0 ? new PostgresHold(database.Source, job, tokens[0], lease, time, Logger) : throw new JobIsRunningException(job, await HolderAsync(job, cancellationToken));
    }

    /// <inheritdoc/>
    public override async Task<JobHolder?> HolderAsync(string job, CancellationToken cancellationToken) => (await ReadAsync(
        "SELECT run, host, process_id, since FROM hold WHERE job = $1 AND until >= clock_timestamp()",
        row => new JobHolder(RunId.Parse(row.GetString(0)), row.GetString(1), row.GetInt32(2), Moment(row.GetString(3))), [job], cancellationToken)).SingleOrDefault();

    /// <inheritdoc/>
    public override Task<IReadOnlyList<NodeRecord>> NodesAsync(RunId run, CancellationToken cancellationToken) => ReadAsync(
        """
        SELECT n.host, n.process_id, n.version, n.since, n.until >= clock_timestamp(), n.refused,
               (SELECT count(*) FROM shard s WHERE s.run = n.run AND s.node = n.name AND NOT s.done AND s.until >= clock_timestamp()), (SELECT count(*) FROM shard s WHERE s.run = n.run AND s.node = n.name AND s.done)
        FROM node n JOIN run r ON r.id = n.run WHERE r.name = $1 ORDER BY n.since, n.name
        """,
        row => new NodeRecord(
            row.GetString(0), row.GetInt32(1), row.GetString(2), Moment(row.GetString(3)), row.GetBoolean(4), (int)row.GetInt64(6), (int)row.GetInt64(7), row.IsDBNull(5) ? null : row.GetString(5)),
        [run.ToString()], cancellationToken);

    internal override ShardBoard BoardOf(RunId run, bool leads, ShardDocuments documents, TimeProvider clock) => new PostgresBoard(database, run, leads, documents, lease, clock, Logger);

    internal override async Task RevokeAsync(RunId run, CancellationToken cancellationToken) => await InTransactionAsync(
        async sql =>
        {
            // First, so that none is put up behind it.
            await sql.ExecuteAsync("UPDATE run SET called_in = true WHERE name = $1", [run.ToString()], cancellationToken);
            return await sql.ExecuteAsync("UPDATE shard SET token = $2, documents = '' WHERE run = (SELECT id FROM run WHERE name = $1)", [run.ToString(), PostgresBoard.Revoked], cancellationToken);
        }, cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<string>> DamagesAsync(CancellationToken cancellationToken) => ReadAsync(
        """
        SELECT 'a row of document names a scope or a fingerprint that is gone' FROM document d
        WHERE NOT EXISTS (SELECT 1 FROM scope s WHERE s.id = d.scope) OR NOT EXISTS (SELECT 1 FROM fingerprint w WHERE w.id = d.work) OR NOT EXISTS (SELECT 1 FROM fingerprint e WHERE e.id = d.extraction)
        LIMIT 1
        """,
        row => row.GetString(0), [], cancellationToken);

    /// <inheritdoc/>
    protected override ValueTask CloseAsync() => database.DisposeAsync();

    private protected override string Listed(int parameter) => $"json_array_elements(${parameter}::json) AS listed(value)";

    private protected override string ListedTexts(int parameter) => $"json_array_elements_text(${parameter}::json) AS listed(value)";

    private protected override string Bytes(string hex) => $"decode({hex}, 'hex')";

    private protected override async Task FenceAsync(SqlBatch sql, string job, long token, CancellationToken cancellationToken)
    {
        // Shared: whoever takes the job waits for this transaction, or this one sees who took it.
        var current = await sql.ReadAsync("SELECT token FROM hold WHERE job = $1 FOR SHARE", row => row.GetInt64(0), [job], cancellationToken);
        if (current is not [var now] || now != token)
            throw new LateWriterException(job);
    }

    private protected override Task ClaimedAsync(SqlBatch sql, long run, string job, ShardClaim claim, CancellationToken cancellationToken) => PostgresBoard.RecordAsync(sql, run, job, claim, cancellationToken);

    private protected override Task<T> InTransactionAsync<T>(Func<SqlBatch, Task<T>> change, CancellationToken cancellationToken) => database.InTransactionAsync(change, cancellationToken);

    private protected override Task<T> QueryAsync<T>(Func<SqlBatch, Task<T>> query, CancellationToken cancellationToken) => database.QueryAsync(query, cancellationToken);
}
