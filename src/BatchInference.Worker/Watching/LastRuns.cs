using BatchInference.Pipeline;
using BatchInference.Worker.Commands;
using BatchInference.Worker.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BatchInference.Worker.Watching;

/// <summary>How a run ended.</summary>
internal sealed record EndedRun(string Job, DateTimeOffset Ended, bool IsComplete, long Failed);

/// <summary>How the last runs of the jobs ended, by the books: also those of other processes and from before this start. Looked up each minute, so that whoever asks never waits for a database.</summary>
internal sealed class LastRuns(CurrentConfiguration current, Ledger ledger, Surroundings surroundings, ILogger<LastRuns> logger) : BackgroundService
{
    // So far back a run that was complete is looked for.
    private const int MostRuns = 100;

    private static readonly TimeSpan Between = TimeSpan.FromMinutes(1);

    private volatile IReadOnlyList<EndedRun> ended = [], complete = [];

    /// <summary>The last run of each job.</summary>
    public IReadOnlyList<EndedRun> Ended => ended;

    /// <summary>The last one of each job that was complete.</summary>
    public IReadOnlyList<EndedRun> Complete => complete;

    /// <summary>Looks them up now.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        List<EndedRun> last = [], whole = [];
        foreach (var job in current.Value.Jobs.Keys.Order(StringComparer.Ordinal))
        {
            var runs = await ledger.RunsAsync(job, MostRuns, cancellationToken);
            var all = runs.Where(run => run.Ending is not null).Select(run => new EndedRun(job, run.Ending!.Ended, run.Ending.IsWhole, run.Ending.Counts.Failed + run.Ending.Counts.Temporary)).ToArray();
            last.AddRange(all.Take(1));
            whole.AddRange(all.Where(run => run.IsComplete).Take(1));
        }

        (ended, complete) = (last, whole);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Between, surroundings.Time);
        try
        {
            do
            {
                try
                {
                    await LookAsync(stoppingToken);
                }
                catch (Exception error) when (error is System.Data.Common.DbException or IOException or TimeoutException)
                {
                    // What was known is still the best that is known.
                    logger.LastRunsUnknown(error.Message.ReplaceLineEndings(" "));
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }
}
