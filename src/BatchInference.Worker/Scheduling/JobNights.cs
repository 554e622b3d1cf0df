using BatchInference.Pipeline;
using BatchInference.Worker.Commands;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Health;
using BatchInference.Worker.Jobs;
using BatchInference.Worker.Notices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;

namespace BatchInference.Worker.Scheduling;

/// <summary>
/// The nights of one job, one after the other. Each firing runs the night that is open, if one is, and puts down the next: so that openings come from <see cref="NightSchedule"/> alone,
/// clock changes included, a firing that comes early does no harm, and a night whose opening fell into a run that ended late is not lost.
/// </summary>
[DisallowConcurrentExecution]
internal sealed class JobNights(CurrentConfiguration current, Ledger ledger, ActiveRuns runs, NightNotices notices, Surroundings surroundings, IHostApplicationLifetime lifetime, ILogger<JobNights> logger) : IJob
{
    /// <summary>A run that could not begin or go on is tried again after this, while its night is open: a share comes back, a disk is emptied.</summary>
    public static TimeSpan RetryAfter { get; } = TimeSpan.FromMinutes(10);

    // Between two looks at a run that another node has just ended.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    public static JobKey KeyOf(string job) => new("nights", job);

    /// <summary>Key of the one trigger that a job has.</summary>
    public static TriggerKey NextOf(string job) => new("next", job);

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        var job = context.JobDetail.Key.Group;
        using var goesOn = runs.BeginNight(job);
        var configuration = current.Value;
        var settings = configuration.Job(job);
        var night = Openings.At(settings, surroundings.Time.GetUtcNow());
        var ended = night is { } open ? await RunAsync(configuration, settings, open) : null;
        var good = ended is null or { IsGood: true };
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return;
        // The configuration may have been read anew during the night.
        if (current.Scheduled.FirstOrDefault(one => one.Name == job) is not { } changed)
            return;
        settings = changed;
        var next = Openings.Next(settings, surroundings.Time.GetUtcNow(), night, good);
        if (next is { } opens)
        {
            logger.Scheduled(settings.Name, opens);
            await PutDownAsync(context.Scheduler, job, opens, cancellationToken);
        }

        // A night that is tried again is told of when it is over.
        if (ended is not null && night is { } over && !(next < over.Closes))
            await TellAsync(job, over, ended);
    }

    /// <summary>Puts down when a job is looked at next, in place of what was put down before.</summary>
    public static async Task PutDownAsync(IScheduler scheduler, string job, DateTimeOffset next, CancellationToken cancellationToken) =>
        await scheduler.ScheduleTrigger(TriggerBuilder.Create().WithIdentity(NextOf(job)).ForJob(KeyOf(job)).StartAt(next).Build(), TriggerConflict.Replace, cancellationToken);

    // What the books cannot tell is not told, and fails nothing.
    private async Task TellAsync(string job, Night night, EndedNight ended)
    {
        var now = current.Value;
        if (now.Settings.Notices is null || ended.Report is { IsShared: true })
            return;
        try
        {
            if (await NightReport.OfAsync(ledger, job, night, ended.Report, ended.Reason, ended.Output, lifetime.ApplicationStopping) is { } report)
                await notices.TellAsync(now, report, lifetime.ApplicationStopping);
            else
                logger.ToldBefore(job, night.Date);
        }
        catch (Exception error)
        {
            logger.NoticeNotSent(job, night.Date, "mail or webhook", error is ConfigurationException ? error.Message : error.GetType().Name);
        }
    }

    /// <summary>Runs the night.</summary>
    private async Task<EndedNight> RunAsync(WorkerConfiguration configuration, JobSettings settings, Night night)
    {
        using var stop = new StopSignals();
        stop.HearSignals(logger.Stopping);
        using var stopping = lifetime.ApplicationStopping.Register(() => stop.Ask("the service was stopped"));
        try
        {
            using var prepared = PreparedJob.Of(configuration, settings, null, null);
            await prepared.Places.EnterAsync(writes: true, stop.Soft);
            stop.AskAt(night.Closes, surroundings.Time, "the night closed");
            logger.Opened(settings.Name, night.Date, night.Closes);
            var runner = new JobRunner(prepared, ledger, surroundings) { Logger = logger, Told = logger.Told, Runs = runs, Shares = true };
            RunReport report;
            do
            {
                report = await runner.RunAsync(prepared.Plan(surroundings.Time.GetUtcNow(), night.Date, null, false), stop);
                logger.NightEnded(report.Job, report.Run, report.End, report.Counts.Completed, report.Counts.Partial, report.Counts.Failed, report.Counts.Temporary, report.Reason);
            }
            // The node that led is gone before all was done: whoever comes first leads now.
            while (report is { IsShared: true, End: RunEnd.Stopped } && !stop.Soft.IsCancellationRequested && await PauseAsync(stop.Soft));
            return new EndedNight(report.End != RunEnd.Failed, report, null, prepared.Sink.Identity);
        }
        catch (JobIsRunningException held)
        {
            logger.AlreadyRunning(settings.Name, held.Message);
            return new EndedNight(false, null, held.Message, null);
        }
        catch (ConfigurationException unfit)
        {
            logger.Unfit(settings.Name, string.Join(' ', unfit.Errors));
            return new EndedNight(false, null, string.Join(' ', unfit.Errors), null);
        }
        catch (OperationCanceledException) when (stop.Hard.IsCancellationRequested)
        {
            logger.LetGo(settings.Name);
            return new EndedNight(false, null, "It let go of everything; the next run puts it in order.", null);
        }
        catch (Exception error)
        {
            // One job's bad night must not end the service of the others.
            logger.NightFailed(error, settings.Name);
            return new EndedNight(false, null, "The log of the service tells why.", null);
        }
    }

    private async Task<bool> PauseAsync(CancellationToken stop)
    {
        await Task.Delay(Look, surroundings.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !stop.IsCancellationRequested;
    }

    /// <param name="IsGood">False when the night is worth another try.</param>
    /// <param name="Report">How its run ended; null when it could not begin.</param>
    /// <param name="Reason">Why it could not.</param>
    /// <param name="Output">Where the results are.</param>
    private sealed record EndedNight(bool IsGood, RunReport? Report, string? Reason, string? Output);
}
