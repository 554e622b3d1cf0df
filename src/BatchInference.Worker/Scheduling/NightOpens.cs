using BatchInference.Pipeline;
using BatchInference.Worker.Commands;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;

namespace BatchInference.Worker.Scheduling;

/// <summary>Runs a job for the night that is open; a trigger on a day that is excepted finds none and does nothing.</summary>
[DisallowConcurrentExecution]
internal sealed class NightOpens(WorkerConfiguration configuration, Ledger ledger, Surroundings surroundings, OpenNights nights, IHostApplicationLifetime lifetime, ILogger<NightOpens> logger) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        var settings = configuration.Job(context.JobDetail.Key.Group);
        var now = surroundings.Time.GetUtcNow();
        var open = settings.Schedule.Select(entry => new NightSchedule(entry).At(now)).OfType<Night>().OrderByDescending(night => night.Closes).ToArray();
        if (open.Length == 0) return;
        try
        {
            using var prepared = PreparedJob.Of(configuration, settings, null, null);
            using var stop = new StopSignals();
            nights.Add(settings.Name, stop);
            using var stopping = lifetime.ApplicationStopping.Register(() => stop.Ask("the service was stopped"));
            stop.AskAt(open[0].Closes, surroundings.Time, "the night closed");
            logger.Opened(settings.Name, open[0].Date, open[0].Closes);
            var report = await new JobRunner(prepared, ledger, surroundings) { Logger = logger }.RunAsync(prepared.Plan(now, open[0].Date, null, false), stop);
            logger.NightEnded(report.Job, report.Run, report.End, report.Counts.Completed, report.Counts.Partial, report.Counts.Failed, report.Counts.Temporary, report.Reason);
        }
        catch (JobIsRunningException held)
        {
            logger.AlreadyRunning(settings.Name, held.Message);
        }
        catch (Exception error)
        {
            // One job's bad night must not end the service of the others; the next night tries again.
            logger.NightFailed(error, settings.Name);
        }
        finally
        {
            nights.Remove(settings.Name);
        }
    }
}
