using BatchInference.Worker.Configuration;
using BatchInference.Worker.Logs;

namespace BatchInference.Worker.Doctor;

/// <summary>Where log files go. Without them a night goes on, so nothing here is bad.</summary>
internal static class LogFolder
{
    private const string Check = "log files";

    /// <summary>The folder; null where no files are written.</summary>
    public static string? Of(WorkerConfiguration configuration, Func<string, string?> variable) =>
        configuration.Settings.Logging.Files is { Enabled: true } files ? LogFiles.FolderOf(files, configuration.Folders.State, variable) : null;

    public static Finding Look(WorkerConfiguration configuration, Func<string, string?> variable)
    {
        if (Of(configuration, variable) is not { } folder)
            return new(Check, true, "off", null);
        if (!Directory.Exists(folder))
            return new(Check, true, $"{folder} is not there yet; the first message makes it", null);
        try
        {
            LogFiles.Try(folder);
            return new(Check, true, $"{folder} can be written", null);
        }
        catch (ConfigurationException error)
        {
            return new(Check, true, $"none are written: {error.Message}", null);
        }
    }
}
