using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace BatchInference.Pipeline;

/// <summary>Statements on one connection, each made once however often it is executed. Values stand for <c>$1</c>, <c>$2</c> …</summary>
internal sealed class SqlBatch(DbConnection connection, DbTransaction? transaction) : IAsyncDisposable
{
    private readonly Dictionary<string, DbCommand> commands = new(StringComparer.Ordinal);

    /// <summary>Executes a statement; gives the number of rows it changed.</summary>
    public Task<int> ExecuteAsync(string sql, IReadOnlyList<object?> values, CancellationToken cancellationToken) => Prepare(sql, values).ExecuteNonQueryAsync(cancellationToken);

    /// <summary>Executes a query.</summary>
    public async Task<IReadOnlyList<T>> ReadAsync<T>(string sql, Func<DbDataReader, T> read, IReadOnlyList<object?> values, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        await using var reader = await Prepare(sql, values).ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>Executes a query whose rows are more than memory should hold.</summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(string sql, Func<DbDataReader, T> read, IReadOnlyList<object?> values, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var reader = await Prepare(sql, values).ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            yield return read(reader);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var command in commands.Values)
            await command.DisposeAsync();
    }

    private DbCommand Prepare(string sql, IReadOnlyList<object?> values)
    {
        if (!commands.TryGetValue(sql, out var command))
        {
            commands[sql] = command = connection.CreateCommand();
            command.Transaction = transaction;
#pragma warning disable CA2100 // All statements are constants of this assembly; values go as parameters.
            command.CommandText = sql;
#pragma warning restore CA2100
            for (var index = 0; index < values.Count; index++)
            {
                var parameter = command.CreateParameter();
                // SQLite knows $1 by its name, PostgreSQL by its place.
                if (connection is SqliteConnection)
                    parameter.ParameterName = $"${index + 1}";
                command.Parameters.Add(parameter);
            }
        }

        for (var index = 0; index < values.Count; index++)
            command.Parameters[index].Value = values[index] ?? DBNull.Value;
        return command;
    }
}
