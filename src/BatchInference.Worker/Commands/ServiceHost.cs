using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Health;
using BatchInference.Worker.Installation;
using BatchInference.Worker.Logs;
using BatchInference.Worker.Notices;
using BatchInference.Worker.Scheduling;
using BatchInference.Worker.Watching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;

namespace BatchInference.Worker.Commands;

/// <summary>Puts the service together: scheduler, logs, and what the service manager hears.</summary>
internal static class ServiceHost
{
    // More than anybody has, and a reload may add some.
    private const int MostJobs = 10_000;

    public static IHost Build(CurrentConfiguration current, Func<WorkerConfiguration> read, Surroundings surroundings, Ledger ledger, LoopbackListener? listener)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        var levels = new LogLevels();
        levels.Set(current.Value.Settings.Logging);
        builder.Logging.AddServiceLogs(levels, current.Value, surroundings);
        // Under systemd each line begins with its priority, as the journal reads it (sd-daemon(3)).
        builder.Services.AddSystemd().AddWindowsService(options => options.ServiceName = WindowsInstallation.Name);
        // A soft stop takes as long as what is in hand; the service manager has the last word.
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        builder.Services.AddSingleton(current).AddSingleton(read).AddSingleton(surroundings).AddSingleton(ledger).AddSingleton(levels).AddSingleton<ActiveRuns>()
            .AddSingleton(new ServiceHealth(surroundings.Time))
            .AddSingleton(surroundings.Time).AddSingleton<LastRuns>().AddSingleton<ServiceGauges>().AddSingleton<NightNotices>()
            .AddSingleton(services => TelemetryOutputs.Open(current.Value.Settings, current.Value.Secrets, asService: true, services.GetRequiredService<ILoggerFactory>().CreateLogger(Telemetry.Name)))
            .AddSingleton(new Liveness(LongestStandstill(current.Value.Settings)));
        // Begun first and so stopped last: at a stop, what is in hand takes its time, and the watchdog is told so.
        builder.Services.AddHostedService<ServicePulse>();
        if (listener is not null)
            builder.Services.AddSingleton(listener).AddHostedService<HealthEndpoint>();
        if (TelemetryOutputs.Any(current.Value.Settings, asService: true))
            builder.Services.AddHostedService(services => services.GetRequiredService<LastRuns>());
        builder.Services.AddQuartz(quartz =>
        {
            quartz.UseTimeProvider(surroundings.Time);
            // Each job that is open takes a place as long as its night; the machine's processors bound the work, not this.
            quartz.UseDefaultThreadPool(maxConcurrency: MostJobs);
            foreach (var job in current.Scheduled)
            {
                quartz.AddJob<JobNights>(one => one.WithIdentity(JobNights.KeyOf(job.Name)).StoreDurably());
                quartz.AddTrigger(one => one.WithIdentity(JobNights.NextOf(job.Name)).ForJob(JobNights.KeyOf(job.Name)).StartNow());
            }
        });
        builder.Services.AddQuartzHostedService(options => options.WaitForJobsToComplete = true);
        builder.Services.AddHostedService<ConfigurationReload>();
        var host = builder.Build();
        // They are asked by nobody by name; made, they measure until the host is disposed of.
        host.Services.GetRequiredService<ServiceGauges>();
        host.Services.GetRequiredService<TelemetryOutputs>();
        return host;
    }

    // While the database is away, nothing moves either.
    private static TimeSpan LongestStandstill(AppSettings settings)
    {
        var (standstill, outage) = (TimeSpan.FromMinutes(settings.Health.StandstillMinutes), TimeSpan.FromSeconds(settings.Ledger.OutageSeconds) + TimeSpan.FromMinutes(5));
        return standstill > outage ? standstill : outage;
    }
}
