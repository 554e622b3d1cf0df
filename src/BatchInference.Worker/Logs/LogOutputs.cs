using System.Runtime.Versioning;
using BatchInference.Worker.Commands;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Installation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.WindowsServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Logging.EventLog;

namespace BatchInference.Worker.Logs;

/// <summary>Where messages go: standard error (under systemd with the priorities of the journal), files, the event log of Windows.</summary>
internal static class LogOutputs
{
    /// <summary>The outputs of the service.</summary>
    public static void AddServiceLogs(this ILoggingBuilder logging, LogLevels levels, WorkerConfiguration configuration, Surroundings surroundings)
    {
        logging.AddLevels(levels).AddSimpleConsole(options =>
        {
            options.SingleLine = true;
            options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss'Z' ";
            options.UseUtcTimestamp = true;
            options.ColorBehavior = LoggerColorBehavior.Disabled;
        }).Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.AddFiles("service", configuration, surroundings);
        logging.Services.AddSingleton<LoggerFactory>().AddSingleton<ILoggerFactory>(services => new BlottedLogs(services.GetRequiredService<LoggerFactory>()));
        if (OperatingSystem.IsWindows() && WindowsServiceHelpers.IsWindowsService())
            logging.ToEventLog(levels);
    }

    /// <summary>The log of a run in the foreground: files alone, since its standard error shows how far it is.</summary>
    public static ILoggerFactory ForRun(string job, WorkerConfiguration configuration, Surroundings surroundings)
    {
        var levels = new LogLevels();
        levels.Set(configuration.Settings.Logging);
        return new BlottedLogs(LoggerFactory.Create(logging => logging.AddLevels(levels).AddFiles($"run-{job}", configuration, surroundings)));
    }

    // The host adds the output itself; its source is the one that the installation makes.
    [SupportedOSPlatform("windows")]
    private static void ToEventLog(this ILoggingBuilder logging, LogLevels levels) => logging
        .AddFilter<EventLogLoggerProvider>((category, level) => levels.TellsEventLog(category, level))
        .Services.Configure<EventLogSettings>(settings => settings.SourceName = WindowsInstallation.Name);

    private static ILoggingBuilder AddLevels(this ILoggingBuilder logging, LogLevels levels) => logging.SetMinimumLevel(LogLevel.Trace).AddFilter((category, level) => levels.Tells(category, level));

    private static void AddFiles(this ILoggingBuilder logging, string name, WorkerConfiguration configuration, Surroundings surroundings)
    {
        var settings = configuration.Settings.Logging.Files;
        if (!settings.Enabled)
            return;
        try
        {
            logging.AddProvider(LogFiles.Open(settings, LogFiles.FolderOf(settings, configuration.Folders.State, surroundings.Variable), name));
        }
        catch (ConfigurationException error)
        {
            // Logs never stop a night.
            surroundings.Error.WriteLine($"No log files are written: {error.Message}");
        }
    }
}
