using Microsoft.Extensions.Logging;
using Npgsql;

namespace BatchInference.Pipeline;

/// <summary>
/// A lease on a job that is prolonged while the process lives. A database that is away for a while changes nothing: the lease runs out, and whoever asks first when the database is back has it;
/// that is the present holder, unless another node was faster.
/// </summary>
internal sealed class PostgresHold : JobHold
{
    private readonly NpgsqlDataSource database;
    private readonly string job;
    private readonly TimeSpan lease;
    private readonly ILogger logger;
    private readonly CancellationTokenSource lost = new();
    private readonly CancellationTokenSource ended = new();
    private readonly Task prolonging;

    public PostgresHold(NpgsqlDataSource database, string job, long token, TimeSpan lease, TimeProvider time, ILogger logger)
    {
        (this.database, this.job, this.lease, this.logger, Token) = (database, job, lease, logger, token);
        prolonging = ProlongAsync(time);
    }

    public override long Token { get; }

    public override CancellationToken Lost => lost.Token;

    protected override async ValueTask GiveBackAsync()
    {
        await ended.CancelAsync();
        await prolonging;
        try
        {
            // The row stays for its token, which must only grow.
            await ExecuteAsync("UPDATE hold SET until = '-infinity' WHERE job = $1 AND token = $2", null, CancellationToken.None);
        }
        catch (Exception exception)
        {
            // The lease runs out by itself; how the run ended is not to be forgotten for it.
            if (exception is not NpgsqlException)
                logger.NoSignOfLife(exception);
        }

        lost.Dispose();
        ended.Dispose();
    }

    private async Task ProlongAsync(TimeProvider time)
    {
        // Three signs of life a lease: two may go astray.
        using var timer = new PeriodicTimer(lease / 3, time);
        while (await NextAsync(timer))
        {
            try
            {
                if (await ExecuteAsync("UPDATE hold SET until = clock_timestamp() + $3 WHERE job = $1 AND token = $2", lease, ended.Token) > 0)
                    continue;
                await lost.CancelAsync();
                return;
            }
            catch (Exception exception)
            {
                // Away: asked again at the next tick. Whatever else it is, without signs of life the job would be another's.
                if (exception is not (NpgsqlException or TimeoutException or OperationCanceledException))
                    logger.NoSignOfLife(exception);
            }
        }
    }

    private async Task<bool> NextAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ended.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<int> ExecuteAsync(string sql, TimeSpan? prolonged, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new SqlBatch(connection, null);
        return await batch.ExecuteAsync(sql, prolonged is { } span ? [job, Token, span] : [job, Token], cancellationToken);
    }
}
