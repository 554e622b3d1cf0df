using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Jobs;

/// <summary>Where documents are unpacked and parts are kept before a store takes them. Without it every document would fail, and be tried again for ever.</summary>
internal static class TemporaryFolder
{
    /// <summary>Tries it.</summary>
    /// <exception cref="ConfigurationException">It cannot be written.</exception>
    public static string Try()
    {
        var folder = Path.GetTempPath();
        WritableFolder.Try("the folder for temporary files", folder, $"Or name another one by the environment variable {(OperatingSystem.IsWindows() ? "TEMP" : "TMPDIR")}.");
        return folder;
    }
}
