using BatchInference.Pipeline;
using BatchInference.Worker.Commands;
using BatchInference.Worker.Health;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Polly;

namespace BatchInference.Worker.Jobs;

/// <summary>Runs a prepared job and shows how far it is; the same road for <c>run</c> and for the service.</summary>
internal sealed class JobRunner(PreparedJob job, Ledger ledger, Surroundings surroundings)
{
    /// <summary>Hears what happens.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Told what an admin who looks on should know at once.</summary>
    public Action<string> Told { get; init; } = surroundings.Error.WriteLine;

    /// <summary>Shows the run to whoever watches.</summary>
    public ActiveRuns Runs { get; init; } = new();

    /// <summary>True to do shards of another node's run instead of being refused.</summary>
    public bool Shares { get; init; }

    /// <summary>Runs.</summary>
    /// <exception cref="JobIsRunningException">Another process runs the job.</exception>
    public async Task<RunReport> RunAsync(RunPlan plan, StopSignals stop)
    {
        var progress = new RunProgress(surroundings.Time);
        foreach (var guard in new[] { job.Places.SourceGuard, job.Places.SinkGuard })
            guard?.Attend(Told, progress.Pauses, progress.Waited, stop.Soft);
        if (!job.Places.CreatesOnce)
            Told($"{job.Sink.Identity}: the store has no conditional writes; this job may run on one node only.");
        var began = surroundings.Time.GetTimestamp();
        stop.Drain = () => progress.Drain;
        using var shown = Runs.Begin(plan.Job, progress);
        await using var display = ProgressDisplay.Of(plan.Job, progress, surroundings);
        var output = OutputPause.Of(TimeSpan.FromSeconds(job.Program.Storage.OutputPauseSeconds), surroundings.Time, progress.Pauses, Told, progress.Waited, stop.Soft);
        var model = ModelPause.Of(job.Program.Models, surroundings.Time, progress.Pauses, Told, progress.Waited, stop.Soft);
        var report = await Run(plan, progress, stop, output, model).RunAsync(stop.Soft, stop.Hard);
        Telemetry.Ran(plan.Job, report.End, surroundings.Time.GetElapsedTime(began));
        return report;
    }

    /// <summary>Looks at what a run would have to do.</summary>
    public Task<RunForecast> ForecastAsync(RunPlan plan, StopSignals stop) => Run(plan, new RunProgress(surroundings.Time), stop, ResiliencePipeline.Empty, ResiliencePipeline.Empty).ForecastAsync(stop.Soft);

    private BatchRun Run(RunPlan plan, RunProgress progress, StopSignals stop, ResiliencePipeline folder, ResiliencePipeline model) => new(plan, job.Source, job.Reader, job.Tasks.Load, job.Sink, ledger)
    {
        Time = surroundings.Time,
        Progress = progress,
        Logger = Logger,
        Shares = Shares,
        StateFolder = job.StateFolder,
        SourcePipeline = job.Places.SourceGuard?.Documents ?? ResiliencePipeline.Empty,
        SinkPipeline = job.Places.SinkGuard?.Operations ?? folder,
        ModelPipeline = model,
        WhyStopped = () => stop.Reason,
    };
}
