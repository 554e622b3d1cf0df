using System.Text.Json;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BatchInference.Pipeline;

/// <summary>
/// The board of a run that several nodes share: rows of the ledger's database. A shard is taken for as long as a lease and prolonged while the process lives; each taking raises its token,
/// which every record of the shard must show. The database's clock alone decides, so that nodes need not agree on the time.
/// </summary>
internal sealed class PostgresBoard : ShardBoard
{
    /// <summary>The token of a shard of which nothing more is recorded.</summary>
    public const long Revoked = -1;

    // So many shards are cut ahead: nodes that come find work, and the names that wait in the database are not the whole archive.
    private const int CutAhead = 16;

    private const string OfEndedRuns = "USING run r WHERE t.run = r.id AND r.ending IS NOT NULL AND r.name <> $1 AND r.scope = (SELECT scope FROM run WHERE name = $1)";

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5), LongestSilence = TimeSpan.FromSeconds(5);

    private readonly PostgresDatabase database;
    private readonly string run;
    private readonly bool leads;
    private readonly ShardDocuments documents;
    private readonly TimeSpan lease;
    private readonly TimeProvider time;
    private readonly ILogger logger;

    // A process that shares one run twice, one time after the other, is two nodes.
    private readonly string node = $"{Environment.MachineName}:{Environment.ProcessId}:{Guid.NewGuid():N}";
    private readonly HashSet<int> inHand = [];
    private readonly CancellationTokenSource calledIn = new(), ended = new();
    // The loops that read and write both tell; the database hears them in the order in which they knew.
    private readonly SemaphoreSlim telling = new(1, 1);
    private bool retries;
    private Task? living;

    /// <param name="database">Where.</param>
    /// <param name="run">The run.</param>
    /// <param name="leads">True for the process that lists, and ends the run.</param>
    /// <param name="documents">Gives back what another process listed.</param>
    /// <param name="lease">How long a shard is taken for.</param>
    /// <param name="time">Times the signs of life.</param>
    /// <param name="logger">Hears of those that failed.</param>
    public PostgresBoard(PostgresDatabase database, RunId run, bool leads, ShardDocuments documents, TimeSpan lease, TimeProvider time, ILogger logger)
        : base(time)
    {
        (this.database, this.leads, this.documents, this.lease, this.time, this.logger) = (database, leads, documents, lease, time, logger);
        this.run = run.ToString();
    }

    public override bool IsShared => true;

    public override CancellationToken CalledIn => calledIn.Token;

    public override async Task EnterAsync(string version, string? refused, CancellationToken cancellationToken)
    {
        await database.InTransactionAsync(async sql =>
        {
            // What is kept of earlier runs is of no use any more.
            await sql.ExecuteAsync($"DELETE FROM node t {OfEndedRuns}", [run], cancellationToken);
            await sql.ExecuteAsync($"DELETE FROM shard t {OfEndedRuns}", [run], cancellationToken);
            return await sql.ExecuteAsync(
                """
                INSERT INTO node (run, name, host, process_id, version, since, until, refused)
                SELECT id, $2, $3, $4, $5, $6, clock_timestamp() + $7, $8 FROM run WHERE name = $1 ON CONFLICT DO NOTHING
                """,
                [run, node, Environment.MachineName, Environment.ProcessId, version, SqlLedger.Text(time.GetUtcNow()), lease, refused], cancellationToken);
        }, cancellationToken);
        if (refused is null)
            living = LiveAsync();
    }

    public override async Task OfferAsync(IReadOnlyList<Pending> shard, CancellationToken cancellationToken)
    {
        while (await WaitingAsync(cancellationToken) >= CutAhead)
            await Task.Delay(Look, time, cancellationToken);
        await PutUpAsync(shard, isOwn: false, cancellationToken);
    }

    public override Task EndListAsync(CancellationToken cancellationToken) => ExecuteAsync("UPDATE run SET listed = true WHERE name = $1", [run], cancellationToken);

    public override async Task<Shard?> TryTakeAsync(CancellationToken cancellationToken)
    {
        // One that was taken though this process was told otherwise is prolonged by nobody, and taken again when its lease is over.
        var taken = await database.InTransactionAsync(sql => sql.ReadAsync(
            """
            UPDATE shard SET token = token + 1, node = $2, until = clock_timestamp() + $3
            WHERE (run, number) = (
                SELECT s.run, s.number FROM shard s JOIN run r ON r.id = s.run
                WHERE r.name = $1 AND NOT r.called_in AND NOT s.done AND s.token >= 0 AND s.until < clock_timestamp() ORDER BY s.number LIMIT 1 FOR UPDATE OF s SKIP LOCKED)
            RETURNING number, token, documents, share, (SELECT count(*) FROM part p WHERE p.run = shard.run AND p.shard % 100000 = shard.number)
            """,
            row => (Number: row.GetInt32(0), Token: row.GetInt64(1), Documents: row.GetString(2), Share: row.GetString(3), Parts: (int)row.GetInt64(4)),
            [run, node, lease], cancellationToken), cancellationToken);
        if (taken is not [var one])
            return null;
        lock (inHand)
            inHand.Add(one.Number);
        var pending = await documents.ReadAsync(JsonSerializer.Deserialize<ShardDocuments.Written[]>(one.Documents)!, cancellationToken);
        return new Shard(one.Number, pending) { Token = one.Token, Share = JsonSerializer.Deserialize<ShardShare>(one.Share)!, Parts = one.Parts };
    }

    public override async Task<Shard> OwnAsync(IReadOnlyList<Pending> shard, CancellationToken cancellationToken)
    {
        var number = await PutUpAsync(shard, isOwn: true, cancellationToken);
        lock (inHand)
            inHand.Add(number);
        return new Shard(number, shard) { Token = 1 };
    }

    public override async Task<bool> IsDoneAsync(CancellationToken cancellationToken)
    {
        var done = await database.QueryAsync(sql => sql.ReadAsync(
            """
            SELECT r.ending IS NOT NULL OR r.called_in OR NOT EXISTS (SELECT 1 FROM hold h WHERE h.run = r.name AND h.until >= clock_timestamp()),
                   r.listed AND NOT EXISTS (SELECT 1 FROM shard s WHERE s.run = r.id AND NOT s.done)
                       AND NOT EXISTS (SELECT 1 FROM node n WHERE n.run = r.id AND n.retries AND n.until >= clock_timestamp() AND n.name <> $2)
            FROM run r WHERE r.name = $1
            """,
            row => (IsOver: row.GetBoolean(0), IsDone: row.GetBoolean(1)), [run, node], cancellationToken), cancellationToken);
        // The node that leads ends the run when all is done; the others wait for that end, since until then something may be put up or given back.
        return done is not [var state] || (leads ? state.IsDone : state.IsOver);
    }

    public override async Task<string?> FirstLeftAsync(CancellationToken cancellationToken)
    {
        var left = await database.QueryAsync(
            sql => sql.ReadAsync("SELECT s.documents FROM shard s JOIN run r ON r.id = s.run WHERE r.name = $1 AND NOT s.done AND s.documents <> '' ORDER BY s.number LIMIT 1", row => row.GetString(0), [run], cancellationToken), cancellationToken);
        return left is [var documents] ? JsonSerializer.Deserialize<ShardDocuments.Written[]>(documents)![0].Path : null;
    }

    public override async Task KeepsRetriesAsync(Func<bool> keeps, CancellationToken cancellationToken)
    {
        await telling.WaitAsync(cancellationToken);
        try
        {
            var now = keeps();
            if (now == retries)
                return;
            await ExecuteAsync("UPDATE node SET retries = $3 WHERE run = (SELECT id FROM run WHERE name = $1) AND name = $2", [run, node, now], cancellationToken);
            retries = now;
        }
        finally
        {
            telling.Release();
        }
    }

    public override void Closed(Shard shard)
    {
        lock (inHand)
            inHand.Remove(shard.Number);
        Touch();
    }

    public override async Task CallInAsync(Action waited, CancellationToken cancellationToken)
    {
        await ExecuteAsync("UPDATE run SET called_in = true WHERE name = $1", [run], cancellationToken);
        while (await AnyInHandAsync(cancellationToken))
        {
            waited();
            await Task.Delay(Look, time, cancellationToken);
        }
    }

    public override async Task<ShardShare?> SharesAsync(CancellationToken cancellationToken)
    {
        var shares = await database.QueryAsync(
            sql => sql.ReadAsync("SELECT s.share FROM shard s JOIN run r ON r.id = s.run WHERE r.name = $1", row => JsonSerializer.Deserialize<ShardShare>(row.GetString(0))!, [run], cancellationToken), cancellationToken);
        return shares.Aggregate(new ShardShare(), (sum, share) => sum + share);
    }

    /// <summary>Checks and keeps, in the transaction of a record, what it says of a shard.</summary>
    public static async Task RecordAsync(SqlBatch sql, long run, string job, ShardClaim claim, CancellationToken cancellationToken)
    {
        var token = await sql.ReadAsync("SELECT token FROM shard WHERE run = $1 AND number = $2 FOR UPDATE", row => row.GetInt64(0), [run, claim.Shard], cancellationToken);
        if (token is not [var now and not Revoked])
            throw new LateWriterException(job);
        if (now != claim.Token)
            throw new ShardTakenException(claim.Shard);
        var state = claim.Step switch
        {
            ShardStep.Done => ", done = true, documents = ''",
            ShardStep.GivenBack => ", until = '-infinity'",
            _ => "",
        };
        await sql.ExecuteAsync($"UPDATE shard SET share = $3, handled = $4{state} WHERE run = $1 AND number = $2", [run, claim.Shard, JsonSerializer.Serialize(claim.Share), claim.Share.Handled], cancellationToken);
    }

    protected override async ValueTask LeaveAsync()
    {
        await ended.CancelAsync();
        if (living is not null)
        {
            await living;
            try
            {
                // With what it was given in the moment in which it was told to stop: that would wait for the end of its lease.
                await database.OnceAsync(async sql =>
                {
                    await sql.ExecuteAsync("UPDATE shard SET until = '-infinity' WHERE run = (SELECT id FROM run WHERE name = $1) AND node = $2 AND NOT done", [run, node], CancellationToken.None);
                    return await sql.ExecuteAsync("UPDATE node SET until = '-infinity' WHERE run = (SELECT id FROM run WHERE name = $1) AND name = $2", [run, node], CancellationToken.None);
                }, CancellationToken.None);
            }
            catch (Exception exception)
            {
                // It counts as gone when its lease is over.
                if (exception is not NpgsqlException)
                    logger.NoSignOfLife(exception);
            }
        }

        calledIn.Dispose();
        ended.Dispose();
        telling.Dispose();
    }

    // A transaction that committed though its caller was told otherwise is repeated: by the name of the offer it finds what it put up, whatever became of that since.
    private async Task<int> PutUpAsync(IReadOnlyList<Pending> shard, bool isOwn, CancellationToken cancellationToken)
    {
        var (offer, documents) = (Guid.NewGuid(), JsonSerializer.Serialize(ShardDocuments.Write(shard)));
        return await database.InTransactionAsync(sql => PutUpAsync(sql, offer, documents, isOwn, cancellationToken), cancellationToken);
    }

    // The number is the run's next one: two that put up at once wait for each other at the run's row.
    private async Task<int> PutUpAsync(SqlBatch sql, Guid offer, string documents, bool isOwn, CancellationToken cancellationToken)
    {
        var state = await sql.ReadAsync(
            "SELECT r.called_in OR r.ending IS NOT NULL, s.job FROM run r JOIN scope s ON s.id = r.scope WHERE r.name = $1 FOR UPDATE OF r", row => (IsOver: row.GetBoolean(0), Job: row.GetString(1)), [run], cancellationToken);
        // Who took the job meanwhile has revoked the shards that there were; a new one would be nobody's.
        if (state is not [{ IsOver: false }])
            throw new LateWriterException(state is [var over] ? over.Job : "");
        return (await sql.ReadAsync(
            $"""
            INSERT INTO shard (run, number, documents, offer, token, node, until)
            SELECT r.id, (SELECT coalesce(max(s.number) + 1, 0) FROM shard s WHERE s.run = r.id), $2, $3, {(isOwn ? "1, $4, clock_timestamp() + $5" : "0, NULL, '-infinity'")} FROM run r WHERE r.name = $1
            ON CONFLICT (offer) DO UPDATE SET offer = excluded.offer RETURNING number
            """,
            row => row.GetInt32(0), isOwn ? [run, documents, offer, node, lease] : [run, documents, offer], cancellationToken)).Single();
    }

    private async Task<long> WaitingAsync(CancellationToken cancellationToken) => (await database.QueryAsync(
        sql => sql.ReadAsync("SELECT count(*) FROM shard s JOIN run r ON r.id = s.run WHERE r.name = $1 AND NOT s.done AND s.until < clock_timestamp()", row => row.GetInt64(0), [run], cancellationToken), cancellationToken)).Single();

    private async Task<bool> AnyInHandAsync(CancellationToken cancellationToken) => (await database.QueryAsync(
        sql => sql.ReadAsync("SELECT count(*) FROM shard s JOIN run r ON r.id = s.run WHERE r.name = $1 AND NOT s.done AND s.until >= clock_timestamp() AND s.node <> $2", row => row.GetInt64(0), [run, node], cancellationToken), cancellationToken)).Single() > 0;

    private Task<int> ExecuteAsync(string sql, IReadOnlyList<object?> values, CancellationToken cancellationToken) =>
        database.QueryAsync(batch => batch.ExecuteAsync(sql, values, cancellationToken), cancellationToken);

    // Signs of life, for the node and for what it has in hand. A database that is away for a while changes nothing but that leases run out.
    private async Task LiveAsync()
    {
        using var timer = new PeriodicTimer(lease / 3 < LongestSilence ? lease / 3 : LongestSilence, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token))
                await SignAsync(ended.Token);
        }
        catch (Exception) when (ended.IsCancellationRequested)
        {
            // The board is left.
        }
    }

    private async Task SignAsync(CancellationToken cancellationToken)
    {
        int[] numbers;
        lock (inHand)
            numbers = [.. inHand];
        try
        {
            var called = await database.OnceAsync(async sql =>
            {
                await sql.ExecuteAsync("UPDATE node SET until = clock_timestamp() + $3 WHERE run = (SELECT id FROM run WHERE name = $1) AND name = $2", [run, node, lease], cancellationToken);
                await sql.ExecuteAsync(
                    "UPDATE shard SET until = clock_timestamp() + $3 WHERE run = (SELECT id FROM run WHERE name = $1) AND node = $2 AND NOT done AND number = ANY($4)", [run, node, lease, numbers], cancellationToken);
                return await sql.ReadAsync("SELECT called_in OR ending IS NOT NULL FROM run WHERE name = $1", row => row.GetBoolean(0), [run], cancellationToken);
            }, cancellationToken);
            if (called is not [false])
                await calledIn.CancelAsync();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Away: told again at the next tick. Whatever else it is, without signs of life its shards would be another's.
            if (exception is not (NpgsqlException or TimeoutException))
                logger.NoSignOfLife(exception);
        }
    }
}
