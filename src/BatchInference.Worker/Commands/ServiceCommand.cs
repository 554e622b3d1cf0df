using System.CommandLine;
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
        StateFolder.Prepare(configuration.Folders.State);
        var unfit = Unfit(configuration, jobs);
        if (unfit.Count > 0 && unfit.Count == jobs.Length)
            throw new ConfigurationException([.. unfit.SelectMany(one => one.Errors)]);
        await using var ledger = await LedgerChoice.OpenAsync(configuration, surroundings.Time, token);
        using var host = Build(configuration, surroundings, ledger, jobs);
        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("BatchInference.Worker.Service");
        foreach (var (job, errors) in unfit)
            logger.Unfit(job, string.Join(' ', errors));
        if (jobs.Length == 0)
            logger.NothingScheduled();
        await host.RunAsync(token);
        return ExitCodes.Done;
    }

    // A job whose share is away at the start of the machine must not keep the others from their night; its own night looks again.
    private static List<(string Job, IReadOnlyList<string> Errors)> Unfit(WorkerConfiguration configuration, IEnumerable<JobSettings> jobs)
    {
        var unfit = new List<(string, IReadOnlyList<string>)>();
        foreach (var job in jobs)
        {
            try
            {
                PreparedJob.Of(configuration, job, null, null).Dispose();
            }
            catch (ConfigurationException error)
            {
                unfit.Add((job.Name, error.Errors));
            }
        }

        return unfit;
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
        builder.Services.AddSingleton(configuration).AddSingleton(surroundings).AddSingleton<Ledger>(ledger);
        builder.Services.AddQuartz(quartz =>
        {
            quartz.UseTimeProvider(surroundings.Time);
            foreach (var job in jobs)
            {
                quartz.AddJob<JobNights>(one => one.WithIdentity(JobNights.KeyOf(job.Name)).StoreDurably());
                quartz.AddTrigger(one => one.ForJob(JobNights.KeyOf(job.Name)).StartNow());
            }
        });
        builder.Services.AddQuartzHostedService(options => options.WaitForJobsToComplete = true);
        return builder.Build();
    }
}
