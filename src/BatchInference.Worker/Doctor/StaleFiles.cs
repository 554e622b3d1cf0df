using System.Text.RegularExpressions;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Doctor;

/// <summary>What a process that was killed leaves behind: temporary files of this program that nobody comes back for.</summary>
internal static partial class StaleFiles
{
    // Longer than any document may take by default; what is younger may be in use.
    private static readonly TimeSpan Age = TimeSpan.FromDays(1);

    /// <summary>Finds them in the folders for temporary files, of the state and of the outputs.</summary>
    /// <param name="configuration">Of which they are.</param>
    /// <param name="temporary">The folder for temporary files.</param>
    /// <param name="now">The instant.</param>
    public static IReadOnlyList<string> Find(WorkerConfiguration configuration, string temporary, DateTimeOffset now)
    {
        var outputs = configuration.Jobs.Values.Where(job => job.Enabled && job.Output.Folder is not null).Select(job => Path.GetFullPath(job.Output.Folder!)).Distinct();
        return
        [
            .. Entries(temporary, now), .. Entries(configuration.Folders.State, now), .. outputs.SelectMany(folder => Entries(folder, now)),
        ];
    }

    private static IEnumerable<string> Entries(string folder, DateTimeOffset now) => !Directory.Exists(folder) ? [] :
        new DirectoryInfo(folder).EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 })
            .Where(entry => Name().IsMatch(entry.Name) && entry.LinkTarget is null && now - entry.LastWriteTimeUtc > Age && IsOurs(entry.FullName)).Select(entry => entry.FullName).Order(StringComparer.Ordinal);

    private static bool IsOurs(string path) => !OperatingSystem.IsLinux() || FileOwner.Of(path) == FileOwner.OfProcess();

    // Probes; folders of reading processes and of LibreOffice, profiles of a device; copies of a ledger that were not finished.
    [GeneratedRegex(@"^(\.probe-[0-9a-f]{32}|batch-inference-(reading|office)-.*|batch-inference-[0-9a-f]{32}.*|ledger\..*\.tmp)$")]
    private static partial Regex Name();
}
