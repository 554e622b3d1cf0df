using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Commands;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;
using Npgsql;

namespace BatchInference.Worker.Doctor;

/// <summary>
/// Whether this machine's clock can be believed. Nobody outside is asked the time; but what was written yesterday was not written tomorrow: the program, the configuration, the last runs.
/// Nights open by this clock, and the newest row of a document is the valid one.
/// </summary>
internal static class Clock
{
    // Clocks of machines differ by seconds, and files are copied between them.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    public static async Task<Finding> LookAsync(WorkerConfiguration configuration, SqlLedger? ledger, TimeProvider time, CancellationToken cancellationToken)
    {
        var known = new List<(DateTimeOffset At, string What)>
        {
            (File.GetLastWriteTimeUtc(typeof(Clock).Assembly.Location is { Length: > 0 } program ? program : Environment.ProcessPath!), "the program was made"),
            (File.GetLastWriteTimeUtc(Path.Combine(configuration.Folders.Configuration, "appsettings.json")), "appsettings.json was written"),
        };
        if (ledger is not null)
            foreach (var job in configuration.Jobs.Keys)
                if (await StatusCommand.LastAsync(ledger, job, cancellationToken) is { } run)
                    known.Add((run.Ending?.Ended ?? run.Started, $"run {run.Run} of the job {job} {(run.Ending is null ? "began" : "ended")}"));
        if (configuration.Settings.Ledger.PostgreSql is { } connection && ledger is not null)
        {
            var there = await DatabaseTimeAsync(LedgerChoice.WithPassword(connection, configuration.Secrets), cancellationToken);
            if ((there - time.GetUtcNow()).Duration() > Tolerance)
                return Wrong(time.GetUtcNow(), $"the database's {Shown(there)}");
            known.Add((there, ""));
        }

        return Judge(time.GetUtcNow(), known);
    }

    internal static Finding Judge(DateTimeOffset now, IEnumerable<(DateTimeOffset At, string What)> known)
    {
        var latest = known.MaxBy(one => one.At);
        return latest.At > now + Tolerance
            ? Wrong(now, $"{latest.What} at {Shown(latest.At)}")
            : new("clock", true, $"{Shown(now)}, and nothing that is known was done later", null);
    }

    private static Finding Wrong(DateTimeOffset now, string against) => new("clock", false, $"this machine's clock shows {Shown(now)}, but {against}", "Set the clock (Linux: timedatectl set-ntp true; Windows: w32tm /resync) before the next night.");

    private static async Task<DateTimeOffset> DatabaseTimeAsync(string connection, CancellationToken cancellationToken)
    {
        await using var database = NpgsqlDataSource.Create(connection);
        await using var command = database.CreateCommand("SELECT clock_timestamp()");
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!, TimeSpan.Zero);
    }

    private static string Shown(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
