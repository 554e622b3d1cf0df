using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;
using Npgsql;

namespace BatchInference.Worker.Doctor;

/// <summary>What the books are kept in, for people.</summary>
internal static class LedgerVersion
{
    /// <summary>Looks at the books, which can be opened.</summary>
    public static string Of(WorkerConfiguration configuration)
    {
        if (configuration.Settings.Ledger.PostgreSql is not { } connection)
            return string.Create(CultureInfo.InvariantCulture, $"the file in the state folder can be read: {DiskSpace.ForLedger(configuration.Folders.State) >> 10} KiB, tables of version {SqliteLedger.Version}");
        using var database = NpgsqlDataSource.Create(LedgerChoice.WithPassword(connection, configuration.Secrets));
        using var opened = database.OpenConnection();
        return $"the database can be reached and has its tables: PostgreSQL {opened.PostgreSqlVersion}, tables of version {PostgresLedger.Version}";
    }
}
