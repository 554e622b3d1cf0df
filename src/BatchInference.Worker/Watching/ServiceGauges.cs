using System.Diagnostics.Metrics;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Health;
using BatchInference.Worker.Scheduling;

namespace BatchInference.Worker.Watching;

/// <summary>What is asked whenever somebody looks: how the service is, what runs, when each job was last complete and opens next.</summary>
internal sealed class ServiceGauges : IDisposable
{
    public const string Name = "BatchInference.Service";

    private readonly Meter meter = new(Name);

    public ServiceGauges(CurrentConfiguration current, ActiveRuns runs, ServiceHealth health, LastRuns last, TimeProvider time)
    {
        meter.CreateObservableGauge("batch_inference.service.live", () => health.Report().Live ? 1 : 0, description: "1 while the service does what it is for.");
        meter.CreateObservableGauge("batch_inference.service.ready", () => health.Report().Ready ? 1 : 0, description: "1 while the service is up and does not stop.");
        meter.CreateObservableGauge("batch_inference.run.active", () => current.Scheduled.Select(job => Of(job.Name, runs.Moments().Count(run => run.Job == job.Name))), description: "1 while the job runs here.");
        meter.CreateObservableGauge("batch_inference.run.remaining", () => runs.Moments().Where(run => run.Now.Total is not null).Select(run => Of(run.Job, run.Now.Total!.Value - run.Now.Handled)), "{document}", "Documents that the run has still to do.");
        meter.CreateObservableGauge("batch_inference.run.last_success.timestamp", () => last.Complete.Select(run => Of(run.Job, Seconds(run.Ended))), "s", "When a run of the job last was complete, in seconds since 1970.");
        meter.CreateObservableGauge("batch_inference.run.last_failed_documents", () => last.Ended.Select(run => Of(run.Job, run.Failed)), "{document}", "Documents without an answer of the job's last run.");
        meter.CreateObservableGauge("batch_inference.run.last_complete", () => last.Ended.Select(run => Of(run.Job, run.IsComplete ? 1 : 0)), description: "1 when the job's last run was complete, 0 when it ended before.");
        meter.CreateObservableGauge("batch_inference.next_opening.timestamp", () => current.Scheduled.Select(job => (job.Name, Next: Openings.After(job, time.GetUtcNow())?.Opens)).Where(job => job.Next is not null).Select(job => Of(job.Name, Seconds(job.Next!.Value))), "s", "When the job opens next, or opened for the night that is open, in seconds since 1970.");
    }

    public void Dispose() => meter.Dispose();

    private static Measurement<long> Of(string job, long value) => new(value, new KeyValuePair<string, object?>(Telemetry.Job, job));

    private static long Seconds(DateTimeOffset instant) => instant.ToUnixTimeSeconds();
}
