using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Doctor;

/// <summary>Who else may change the configuration, or read secrets.</summary>
internal static class FileRights
{
    // Variables that name a file with a secret in it.
    private static readonly string[] SecretFileVariables = ["PGPASSFILE", "AWS_SHARED_CREDENTIALS_FILE", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"];

    public static IEnumerable<Finding> Look(WorkerConfiguration configuration, Func<string, string?> variable)
    {
        if (OperatingSystem.IsWindows())
            yield break;
        var open = ChangedByAll(configuration);
        yield return open.Count == 0
            ? new("permissions", true, "only owner and group may change the configuration", null)
            : new("permissions", false, $"everybody may change {string.Join(", ", open)}", $"chmod o-w {string.Join(' ', open)}");
        var files = SecretFilesOf(configuration, variable);
        var read = ReadByAll(files);
        yield return read.Count > 0
            ? new("secret files", false, $"everybody may read {string.Join(", ", read)}", $"chmod o= {string.Join(' ', read)}")
            : new("secret files", true, files.Count == 0 ? "none are given" : $"{files.Count}, none of which everybody may read", null);
    }

    /// <summary>Files and folders of the configuration that everybody may change: who may write to a folder may replace its files. The state too, where the ledger lies.</summary>
    public static IReadOnlyList<string> ChangedByAll(WorkerConfiguration configuration)
    {
        var folder = configuration.Folders.Configuration;
        string[] inside = ["jobs", "labels", "secrets"];
        string[] folders = [folder, .. inside.Select(name => Path.Combine(folder, name)), configuration.Folders.State];
        var files = Directory.GetFiles(folder, "appsettings.json").Concat(Directory.Exists(Path.Combine(folder, "jobs")) ? Directory.GetFiles(Path.Combine(folder, "jobs"), "*.json") : []);
        return [.. folders.Where(Directory.Exists).Concat(files).Where(path => HasMode(path, UnixFileMode.OtherWrite))];
    }

    /// <summary>Files with secrets that everybody may read or change.</summary>
    public static IReadOnlyList<string> ReadByAll(IEnumerable<string> files) => [.. files.Where(path => HasMode(path, UnixFileMode.OtherRead | UnixFileMode.OtherWrite))];

    /// <summary>The files with secrets that this account can see: those of the service's folder of secrets, those it is given as files, those that variables name.</summary>
    public static IReadOnlyList<string> SecretFilesOf(WorkerConfiguration configuration, Func<string, string?> variable)
    {
        string?[] folders = [Path.Combine(configuration.Folders.Configuration, "secrets"), variable("CREDENTIALS_DIRECTORY"), variable("BATCHINFERENCE_SECRETS")];
        return
        [
            .. folders.Where(folder => folder is { Length: > 0 } && Directory.Exists(folder)).SelectMany(folder => FilesOf(folder!))
                .Concat(SecretFileVariables.Select(variable).OfType<string>().Where(File.Exists)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ];
    }

    // Of a folder that this account may not enter nobody else of its kind reads anything.
    private static string[] FilesOf(string folder)
    {
        try
        {
            return Directory.GetFiles(folder);
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static bool HasMode(string path, UnixFileMode mode) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & mode) != 0;
}
