using System.Runtime.InteropServices;
using System.Threading.Channels;
using BatchInference.Worker.Commands;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Logs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Quartz;

namespace BatchInference.Worker.Scheduling;

/// <summary>Reads the configuration anew when its files change or SIGHUP comes. A sound one holds from then on (a night that is open ends by the old one); a wrong one is told and changes nothing.</summary>
internal sealed class ConfigurationReload(
    CurrentConfiguration current, Func<WorkerConfiguration> read, LogLevels levels, ISchedulerFactory schedulers, Surroundings surroundings, ILogger<ConfigurationReload> logger, ISystemdNotifier? notifier = null) : BackgroundService
{
    // An editor writes a file in several steps.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    // One wish to read anew is as good as many.
    private readonly Channel<bool> wishes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var watched = Watch(current.Value.Folders.Configuration);
        using var signal = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            wishes.Writer.TryWrite(true);
        });
        try
        {
            while (await wishes.Reader.WaitToReadAsync(stoppingToken))
            {
                await Task.Delay(Quiet, surroundings.Time, stoppingToken);
                wishes.Reader.TryRead(out _);
                await ReloadAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private FileSystemWatcher Watch(string folder)
    {
        var watcher = new FileSystemWatcher(folder, "*.json") { IncludeSubdirectories = true, NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite };
        void Wish(object sender, FileSystemEventArgs change)
        {
            // Label sets and models are read when a night opens.
            var name = Path.GetRelativePath(folder, change.FullPath).Replace('\\', '/');
            if (name == "appsettings.json" || name.StartsWith("jobs/", StringComparison.Ordinal))
                wishes.Writer.TryWrite(true);
        }

        watcher.Changed += Wish;
        watcher.Created += Wish;
        watcher.Deleted += Wish;
        watcher.Renamed += Wish;
        watcher.EnableRaisingEvents = true;
        return watcher;
    }

    private async Task ReloadAsync(CancellationToken cancellationToken)
    {
        notifier?.Notify(new ServiceState($"RELOADING=1\nMONOTONIC_USEC={surroundings.Time.GetTimestamp() * 1_000_000 / surroundings.Time.TimestampFrequency}"));
        try
        {
            var before = current.Scheduled.Select(job => job.Name).ToArray();
            current.Value = read();
            levels.Set(current.Value.Settings.Logging);
            await ScheduleAsync(before, cancellationToken);
            foreach (var warning in current.Value.Warnings)
                logger.Told(warning);
            logger.Reloaded(current.Value.Jobs.Count);
        }
        catch (ConfigurationException error)
        {
            logger.NotReloaded(string.Join(' ', error.Errors));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            // Whatever is wrong with what was written must not end the night that is open.
            logger.NotReloaded(error.Message.ReplaceLineEndings(" "));
        }
        finally
        {
            notifier?.Notify(ServiceState.Ready);
        }
    }

    private async Task ScheduleAsync(IEnumerable<string> before, CancellationToken cancellationToken)
    {
        var scheduler = await schedulers.GetScheduler(cancellationToken);
        var now = current.Scheduled.Select(job => job.Name).ToArray();
        foreach (var gone in before.Except(now))
            await scheduler.DeleteJob(JobNights.KeyOf(gone), cancellationToken);
        foreach (var job in now)
        {
            await scheduler.AddJob(JobBuilder.Create<JobNights>().WithIdentity(JobNights.KeyOf(job)).StoreDurably().Build(), new AddJobOptions { Replace = true }, cancellationToken);
            await JobNights.PutDownAsync(scheduler, job, surroundings.Time.GetUtcNow(), cancellationToken);
        }
    }
}
