using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Doctor;

/// <summary>
/// <c>doctor --fix</c>: what may be mended without asking anybody. Folders that are missing are made, files are closed to those who have no business in them, what a killed process left is removed. Nothing
/// that an admin wrote is changed, and no result.
/// </summary>
/// <param name="configuration">What is mended.</param>
/// <param name="variable">Reads a variable.</param>
/// <param name="temporary">The folder for temporary files, which is the machine's and not this program's.</param>
/// <param name="time">The clock.</param>
/// <param name="running">True while a job runs, whose temporary files are in use.</param>
internal sealed class Repair(WorkerConfiguration configuration, Func<string, string?> variable, string temporary, TimeProvider time, bool running)
{
    private const UnixFileMode OwnerAndGroup = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Mends; what cannot be mended by this account is told as what is wrong.</summary>
    public IEnumerable<Finding> Run() => [.. Rights(), .. IsOwn(configuration.Folders.State) ? Folders() : [], .. running ? [] : Leftovers()];

    // Folders that root makes the service could not write to; that the state is another account's the examination tells.
    private static bool IsOwn(string folder) => !OperatingSystem.IsLinux() || !Directory.Exists(folder) || FileOwner.Of(folder) == FileOwner.OfProcess();

    private IEnumerable<Finding> Rights()
    {
        if (OperatingSystem.IsWindows())
            yield break;
        foreach (var path in FileRights.ChangedByAll(configuration))
            yield return Try("permissions", $"nobody but owner and group may change {path} any more", () => Take(path, UnixFileMode.OtherWrite));
        foreach (var path in FileRights.ReadByAll(FileRights.SecretFilesOf(configuration, variable)))
            yield return Try("secret files", $"nobody but owner and group may read {path} any more", () => Take(path, Others));
    }

    private IEnumerable<Finding> Folders()
    {
        if (!Directory.Exists(configuration.Folders.State))
            yield return Try("state folder", $"made {configuration.Folders.State}", () => Make(configuration.Folders.State));
        if (LogFolder.Of(configuration, variable) is { } logs && !Directory.Exists(logs))
            yield return Try("log files", $"made {logs}", () => Make(logs));
        foreach (var job in configuration.Jobs.Values.Where(job => job.Enabled && job.Output.Folder is not null).OrderBy(job => job.Name, StringComparer.Ordinal))
            if (Path.GetFullPath(job.Output.Folder!) is var folder && !Directory.Exists(folder))
                yield return Try($"job {job.Name}: output", $"made {folder}", () => Make(folder));
    }

    private IEnumerable<Finding> Leftovers()
    {
        foreach (var path in StaleFiles.Find(configuration, temporary, time.GetUtcNow()))
            yield return Try("temporary files", $"removed {path}, which a process left that was killed", () => Remove(path));
    }

    private static Finding Try(string check, string done, Action mend)
    {
        try
        {
            mend();
            return Finding.Done(check, done);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new(check, false, error.Message, "Run `doctor --fix` as the account that owns it.");
        }
    }

    private static void Take(string path, UnixFileMode rights)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) & ~rights);
    }

    private static void Make(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, OwnerAndGroup);
    }

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        else
            File.Delete(path);
    }
}
