using BatchInference.Worker.Commands;
using BatchInference.Worker.Configuration;
using Microsoft.Extensions.Logging;
using Quartz;

namespace BatchInference.Worker.Scheduling;

/// <summary>Asks a job that still runs to finish, when none of its nights is open any more.</summary>
internal sealed class NightCloses(WorkerConfiguration configuration, Surroundings surroundings, OpenNights nights, ILogger<NightCloses> logger) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        var job = configuration.Job(context.JobDetail.Key.Group);
        var now = surroundings.Time.GetUtcNow();
        if (job.Schedule.All(entry => new NightSchedule(entry).At(now) is null) && nights.Ask(job.Name, "the night closed"))
            logger.Closed(job.Name);
        return ValueTask.CompletedTask;
    }
}
