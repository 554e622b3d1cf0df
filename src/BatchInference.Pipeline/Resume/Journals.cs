using System.Globalization;

namespace BatchInference.Pipeline.Resume;

/// <summary>The folder of a job's journals on this machine: what its runs had computed and not published when their process died.</summary>
/// <param name="folder">The folder; need not exist.</param>
internal sealed class Journals(string folder)
{
    private const string Ending = ".jsonl";

    /// <summary>The folder of a job.</summary>
    /// <param name="stateFolder">The program's own folder on this machine.</param>
    /// <param name="job">The job's name.</param>
    public static string FolderOf(string stateFolder, string job) => Path.Combine(stateFolder, "journals", job);

    /// <summary>Where the rows of a part that is to come are kept.</summary>
    public string FileOf(RunId run, int part) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{run}-{part:00000}{Ending}"));

    /// <summary>Every journal that lies here, by run and part.</summary>
    public IReadOnlyList<Journal> Left() => Directory.Exists(folder)
        ? [.. Directory.GetFiles(folder, "*" + Ending).Select(Parse).OfType<Journal>().OrderBy(journal => journal.Run.ToString(), StringComparer.Ordinal).ThenBy(journal => journal.Part)]
        : [];

    private static Journal? Parse(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        return name.Length > RunId.Length + 1 && RunId.TryParse(name[..RunId.Length], out var run)
            && int.TryParse(name.AsSpan(RunId.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var part) ? new Journal(run, part, path) : null;
    }
}
