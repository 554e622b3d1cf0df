using System.CommandLine;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Health;
using BatchInference.Worker.Jobs;
using BatchInference.Worker.Notices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.WindowsServices;
using Microsoft.Extensions.Logging;

namespace BatchInference.Worker.Commands;

/// <summary><c>service</c>: all enabled jobs on their schedules, until the service manager asks to stop.</summary>
internal static class ServiceCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var command = new Command("service", "Run all enabled jobs on their schedules; what systemd or the Windows service manager starts.\n\nExample:\n  batch-inference service --config /etc/batch-inference");
        command.SetAction(async (parsed, token) =>
        {
            WorkerConfiguration Read() => surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State), asService: true);
            return await RunAsync(Read, surroundings, token);
        });
        return command;
    }

    /// <summary>Runs the service until it is asked to stop.</summary>
    /// <param name="read">Reads the configuration: now, and whenever it changed.</param>
    /// <param name="surroundings">What the program takes from its process.</param>
    /// <param name="token">Asks to stop.</param>
    internal static async Task<int> RunAsync(Func<WorkerConfiguration> read, Surroundings surroundings, CancellationToken token)
    {
        var configuration = read();
        var current = new CurrentConfiguration(configuration);
        var jobs = current.Scheduled.ToArray();
        StateFolder.Prepare(configuration.Folders.State);
        TemporaryFolder.Try();
        using var alone = configuration.Settings.Ledger.PostgreSql is null ? ServiceLock.Take(configuration.Folders.State) : null;
        // Windows lets a service go that has not answered after 30 seconds, and the files of a large model take longer to verify; there a job's own night tells what is wrong.
        var unfit = WindowsServiceHelpers.IsWindowsService() ? [] : Unfit(configuration, jobs);
        if (unfit.Count > 0 && unfit.Count == jobs.Length)
            throw new ConfigurationException([.. unfit.SelectMany(one => one.Errors)]);
        NightNotices.Check(configuration);
        using var listener = configuration.Settings.Health.Listen is { } address ? LoopbackListener.Open(address, surroundings.Time) : null;
        await using var ledger = await LedgerChoice.OpenAsync(configuration, surroundings.Time, token);
        using var host = ServiceHost.Build(current, read, surroundings, ledger, listener);
        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("BatchInference.Worker.Service");
        ledger.Logger = logger;
        foreach (var warning in configuration.Warnings)
            logger.Told(warning);
        foreach (var (job, errors) in unfit)
            logger.Unfit(job, string.Join(' ', errors));
        if (jobs.Length == 0)
            logger.NothingScheduled();
        // A service of the host that fails stops it, and the host ends as if all were well: the service manager must learn of it, so that it starts the program again.
        var parts = host.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToArray();
        await host.RunAsync(token);
        return parts.Any(part => part.ExecuteTask?.IsFaulted == true) ? ExitCodes.CouldNotGoOn : ExitCodes.Done;
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
}
