using Npgsql;
using Polly;

namespace BatchInference.Pipeline;

/// <summary>The database of a shared ledger, asked with patience.</summary>
/// <param name="source">Gives connections.</param>
/// <param name="patience">How an operation is tried again. All of them may be: each says the same again.</param>
internal sealed class PostgresDatabase(NpgsqlDataSource source, ResiliencePipeline patience) : IAsyncDisposable
{
    public NpgsqlDataSource Source => source;

    public Task<T> InTransactionAsync<T>(Func<SqlBatch, Task<T>> change, CancellationToken cancellationToken) => patience.ExecuteAsync(async token =>
    {
        await using var connection = await source.OpenConnectionAsync(token);
        await using var transaction = await connection.BeginTransactionAsync(token);
        await using var batch = new SqlBatch(connection, transaction);
        var result = await change(batch);
        await transaction.CommitAsync(token);
        return result;
    }, cancellationToken).AsTask();

    public Task<T> QueryAsync<T>(Func<SqlBatch, Task<T>> query, CancellationToken cancellationToken) => patience.ExecuteAsync(token => new ValueTask<T>(OnceAsync(query, token)), cancellationToken).AsTask();

    /// <summary>Asks without patience.</summary>
    public async Task<T> OnceAsync<T>(Func<SqlBatch, Task<T>> query, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var batch = new SqlBatch(connection, null);
        return await query(batch);
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();
}
