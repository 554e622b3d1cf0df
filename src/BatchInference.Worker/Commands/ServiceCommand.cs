using System.CommandLine;
using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;
using BatchInference.Worker.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;

namespace BatchInference.Worker.Commands;

/// <summary><c>service</c>: all enabled jobs on their schedules, until the service manager asks to stop.</summary>
internal static class ServiceCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var command = new Command("service", "Run all enabled jobs on their schedules; what systemd or the Windows service manager starts.\n\nExample:\n  batch-inference service --config /etc/batch-inference");
        command.SetAction(async (parsed, token) =>
        {
            var configuration = surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State), asService: true);
            return await RunAsync(configuration, surroundings, token);
        });
        return command;
    }

    internal static async Task<int> RunAsync(WorkerConfiguration configuration, Surroundings surroundings, CancellationToken token)
    {
        var jobs = configuration.Jobs.Values.Where(job => job.Enabled && job.Schedule.Count > 0).OrderBy(job => job.Name, StringComparer.Ordinal).ToArray();
        foreach (var job in jobs) PreparedJob.Of(configuration, job, null, null).Dispose();
        StateFolder.Prepare(configuration.Folders.State);
        await using var ledger = SqliteLedger.Open(configuration.Folders.State);
        using var host = Build(configuration, surroundings, ledger, jobs);
        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("BatchInference.Worker.Service");
        var now = surroundings.Time.GetUtcNow();
        foreach (var job in jobs)
            logger.Scheduled(job.Name, job.Schedule.Select(entry => new NightSchedule(entry)).Select(entry => (entry.At(now) ?? entry.After(now))?.Opens).Min());
        if (jobs.Length == 0) logger.NothingScheduled();
        await host.RunAsync(token);
        return ExitCodes.Done;
    }

    private static IHost Build(WorkerConfiguration configuration, Surroundings surroundings, Ledger ledger, IReadOnlyList<JobSettings> jobs)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddConsole(options => options.LogToStandardErrorThreshold = LogLevel.Trace)
            .AddFilter("Quartz", LogLevel.Warning)
            .SetMinimumLevel(Enum.Parse<LogLevel>(configuration.Settings.Logging.Level, ignoreCase: true));
        builder.Services.AddSystemd().AddWindowsService();
        // A soft stop takes as long as what is in hand; the service manager has the last word.
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        builder.Services.AddSingleton(configuration).AddSingleton(surroundings).AddSingleton(ledger).AddSingleton<OpenNights>();
        builder.Services.AddQuartz(quartz =>
        {
            quartz.UseTimeProvider(surroundings.Time);
            foreach (var job in jobs) Schedule(quartz, job, surroundings.Time.GetUtcNow());
        });
        builder.Services.AddQuartzHostedService(options => options.WaitForJobsToComplete = true);
        return builder.Build();
    }

    private static void Schedule(IQuartzBuilder quartz, JobSettings job, DateTimeOffset now)
    {
        var opens = new JobKey("opens", job.Name);
        var closes = new JobKey("closes", job.Name);
        quartz.AddJob<NightOpens>(one => one.WithIdentity(opens).StoreDurably());
        quartz.AddJob<NightCloses>(one => one.WithIdentity(closes).StoreDurably());
        foreach (var (index, entry) in job.Schedule.Index())
        {
            // Every day: whether a night is real, and until when, only NightSchedule tells.
            var zone = new NightSchedule(entry).Zone;
            quartz.AddTrigger(one => one.ForJob(opens).WithIdentity($"opens-{index}", job.Name).WithCronSchedule(Daily(entry.Opens), cron => cron.InTimeZone(zone)));
            quartz.AddTrigger(one => one.ForJob(closes).WithIdentity($"closes-{index}", job.Name).WithCronSchedule(Daily(entry.Closes), cron => cron.InTimeZone(zone)));
        }

        if (job.Schedule.Any(entry => new NightSchedule(entry).At(now) is not null))
            quartz.AddTrigger(one => one.ForJob(opens).WithIdentity("open-already", job.Name).StartAt(now));
    }

    private static string Daily(TimeOnly time) => string.Create(CultureInfo.InvariantCulture, $"0 {time.Minute} {time.Hour} * * ?");
}
