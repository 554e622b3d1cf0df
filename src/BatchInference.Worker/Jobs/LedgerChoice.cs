using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;
using Microsoft.Data.Sqlite;
using Npgsql;
using Polly;
using Polly.Retry;

namespace BatchInference.Worker.Jobs;

/// <summary>Where the books are: a file in the state folder, or the PostgreSQL database that the nodes of a cluster share.</summary>
internal static class LedgerChoice
{
    private const int DoublingWaits = 5;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(0.5), LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>Opens the books, making them where there are none.</summary>
    /// <exception cref="ConfigurationException">They cannot be opened.</exception>
    public static async Task<SqlLedger> OpenAsync(WorkerConfiguration configuration, TimeProvider time, CancellationToken cancellationToken)
    {
        var settings = configuration.Settings.Ledger;
        try
        {
            return settings.PostgreSql is { } connection
                ? await PostgresLedger.OpenAsync(WithPassword(connection, configuration.Secrets), TimeSpan.FromSeconds(settings.LeaseSeconds), Patience(settings, time), time, cancellationToken)
                : SqliteLedger.Open(configuration.Folders.State);
        }
        catch (SqliteException error)
        {
            throw new ConfigurationException([new LedgerUnusableException(Path.Combine(configuration.Folders.State, "ledger.db"), error).Message]);
        }
        catch (InvalidDataException error)
        {
            throw new ConfigurationException([error.Message]);
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            // What it says may quote a part of the password.
            throw new ConfigurationException(["appsettings.json: Ledger.PostgreSql: this is no connection string. Write for example Host=db;Database=archives;Username=batch, and give the password by the environment variable PGPASSWORD or a PGPASSFILE."]);
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException)
        {
            // Of the connection string nothing is shown: it may have come with its password.
            throw new ConfigurationException([$"appsettings.json: Ledger.PostgreSql: the database of the ledger cannot be used: {error.Message.ReplaceLineEndings(" ").TrimEnd('.')}. Check server, database, user and password; give the password by the environment variable PGPASSWORD or a PGPASSFILE."]);
        }
    }

    /// <summary>The connection string as it is connected with. Npgsql itself looks for the variable alone, not for a credential of that name.</summary>
    public static string WithPassword(string connection, GivenSecrets secrets)
    {
        var given = new NpgsqlConnectionStringBuilder(connection);
        if (given.Password is null && given.Passfile is null && secrets.Find("PGPASSWORD") is { } password)
            given.Password = password;
        return given.ConnectionString;
    }

    /// <summary>The books; null where no run ever wrote any.</summary>
    public static async Task<SqlLedger?> FindAsync(WorkerConfiguration configuration, TimeProvider time, CancellationToken cancellationToken) =>
        configuration.Settings.Ledger.PostgreSql is not null || SqliteLedger.Exists(configuration.Folders.State) ? await OpenAsync(configuration, time, cancellationToken) : null;

    /// <summary>How an operation of the database is tried again while it is away: a restart, a failover, a network that is cut.</summary>
    internal static ResiliencePipeline Patience(LedgerSettings settings, TimeProvider time)
    {
        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        if (settings.OutageSeconds > 0)
            builder.AddRetry(new RetryStrategyOptions
            {
                // As many as it takes to wait so long; then the run ends with what the database said, not with a time-out that says nothing.
                MaxRetryAttempts = DoublingWaits + (int)(settings.OutageSeconds / LongestWait.TotalSeconds),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstWait,
                MaxDelay = LongestWait,
                ShouldHandle = new PredicateBuilder().Handle<NpgsqlException>(error => error.IsTransient).Handle<TimeoutException>(),
            });
        return builder.Build();
    }
}
