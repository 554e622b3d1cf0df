namespace BatchInference.Worker.Configuration;

/// <summary>The folders of files that the program writes to be watched by: a hardened service must be let in.</summary>
internal static class WatchedFolders
{
    public static IEnumerable<string?> Of(AppSettings settings) =>
        [settings.Logging.Files.Enabled ? settings.Logging.Files.Folder : null, Path.GetDirectoryName(settings.Health.File), Path.GetDirectoryName(settings.Telemetry.PrometheusFile)];
}
