using BatchInference.Pipeline;
using BatchInference.Worker.Commands;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BatchInference.Worker.Jobs;

/// <summary>Runs a prepared job and shows how far it is; the same road for <c>run</c> and for the service.</summary>
internal sealed class JobRunner(PreparedJob job, Ledger ledger, Surroundings surroundings)
{
    /// <summary>Hears what happens.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Runs.</summary>
    /// <exception cref="JobIsRunningException">Another process runs the job.</exception>
    public async Task<RunReport> RunAsync(RunPlan plan, StopSignals stop)
    {
        var progress = new RunProgress(surroundings.Time);
        await using var display = ProgressDisplay.Of(plan.Job, progress, surroundings);
        var report = await Run(plan, progress).RunAsync(stop.Soft, stop.Hard);
        return report with { Reason = report.Reason ?? (report.End == RunEnd.Stopped ? stop.Reason : null) };
    }

    /// <summary>Looks at what a run would have to do.</summary>
    public Task<RunForecast> ForecastAsync(RunPlan plan, StopSignals stop) => Run(plan, new RunProgress(surroundings.Time)).ForecastAsync(stop.Soft);

    private BatchRun Run(RunPlan plan, RunProgress progress) => new(plan, job.Source, job.Reader, job.Tasks.Load, job.Sink, ledger) { Time = surroundings.Time, Progress = progress, Logger = Logger };
}
