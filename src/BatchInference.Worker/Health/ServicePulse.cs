using System.Globalization;
using BatchInference.Worker.Commands;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;
using BatchInference.Worker.Scheduling;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Hosting.WindowsServices;
using Microsoft.Extensions.Logging;
using Quartz;

namespace BatchInference.Worker.Health;

/// <summary>Tells the service manager again and again that the service lives and what it does; stops telling when it does not live, and is started anew.</summary>
/// <param name="current">The jobs.</param>
/// <param name="runs">What goes on.</param>
/// <param name="liveness">Judges it.</param>
/// <param name="health">Is told of each beat, for those who ask.</param>
/// <param name="schedulers">Gives the scheduler.</param>
/// <param name="surroundings">Clock and variables.</param>
/// <param name="lifetime">Tells when all have started.</param>
/// <param name="logger">Hears of trouble.</param>
/// <param name="notifier">systemd; null elsewhere.</param>
internal sealed class ServicePulse(CurrentConfiguration current, ActiveRuns runs, Liveness liveness, ServiceHealth health, ISchedulerFactory schedulers, Surroundings surroundings, IHostApplicationLifetime lifetime, ILogger<ServicePulse> logger, ISystemdNotifier? notifier = null) : BackgroundService
{
    private static readonly TimeSpan WithoutWatchdog = TimeSpan.FromSeconds(30);
    private readonly long began = surroundings.Time.GetTimestamp();
    private readonly TimeSpan between = Between(surroundings.Variable("WATCHDOG_USEC"));
    private bool lives = true, fileWorks = true;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var started = lifetime.ApplicationStarted.Register(ready.SetResult);
        await ready.Task.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var timer = new PeriodicTimer(between, surroundings.Time);
        using var ended = stoppingToken.Register(timer.Dispose);
        while (!stoppingToken.IsCancellationRequested)
        {
            await BeatAsync();
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        Tell(null, stopping: true, "Stopped");
    }

    /// <summary>Twice within what the watchdog allows (sd_watchdog_enabled(3)).</summary>
    internal static TimeSpan Between(string? microseconds) =>
        long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0 ? TimeSpan.FromMicroseconds(limit / 2) : WithoutWatchdog;

    private async Task BeatAsync()
    {
        var moments = runs.Moments();
        var (next, job) = await NextAsync();
        var now = surroundings.Time.GetUtcNow();
        var wrong = liveness.Judge(surroundings.Time.GetElapsedTime(began), moments, now - next);
        var stopping = lifetime.ApplicationStopping.IsCancellationRequested;
        var says = Says(moments, stopping, next, job);
        Tell(wrong, stopping, says);
        if (wrong is null)
        {
            notifier?.Notify(new ServiceState("WATCHDOG=1"));
            notifier?.Notify(new ServiceState($"STATUS={says}"));
        }
        else if (lives)
        {
            logger.Lifeless(wrong);
            notifier?.Notify(new ServiceState($"STATUS={wrong}"));
            // Windows has no watchdog, but it starts a service anew that is gone.
            if (WindowsServiceHelpers.IsWindowsService())
                Environment.FailFast(wrong);
        }

        lives = wrong is null;
    }

    private void Tell(string? wrong, bool stopping, string says)
    {
        health.Tell(new Heartbeat(surroundings.Time.GetUtcNow(), wrong, stopping, says), between);
        if (current.Value.Settings.Health.File is not { } file)
            return;
        try
        {
            WholeFile.Write(Path.GetFullPath(file), health.Report().ToJson().ToJsonString() + "\n");
            fileWorks = true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Told once: the pulse goes on, and the time in the file tells that it is old.
            if (fileWorks)
                logger.NoHealthFile(file, error.Message);
            fileWorks = false;
        }
    }

    private async Task<(DateTimeOffset? Next, string? Job)> NextAsync()
    {
        try
        {
            return lifetime.ApplicationStopping.IsCancellationRequested ? (null, null) : await NextAsync(await schedulers.GetScheduler(), current.Scheduled.Select(job => job.Name).Where(job => !runs.HasNight(job)));
        }
        catch (SchedulerException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // The service stops, and the scheduler was the first to go.
            return (null, null);
        }
    }

    // The next opening; one that is overdue is in the past. A job whose night goes on is not looked at: what a reload puts down meanwhile is due at once, waits for the night to end, and nobody is late.
    private static async Task<(DateTimeOffset? Next, string? Job)> NextAsync(IScheduler scheduler, IEnumerable<string> jobs)
    {
        (DateTimeOffset? Next, string? Job) first = (null, null);
        foreach (var job in jobs)
            if ((await scheduler.GetTrigger(JobNights.NextOf(job)))?.NextFireTimeUtc is { } opens && !(opens >= first.Next))
                first = (opens, job);
        return first;
    }

    private static string Says(IReadOnlyList<RunMoment> moments, bool stopping, DateTimeOffset? next, string? job) =>
        moments.Count > 0 ? string.Join("; ", moments.Select(run => ProgressDisplay.Line(run.Job, run.Now)))
        : stopping ? "Stops"
        : next is null ? "No job has an opening"
        : string.Create(CultureInfo.InvariantCulture, $"Waits for {job}, which opens {next:yyyy-MM-dd HH:mm} UTC");
}
