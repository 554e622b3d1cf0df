using System.Security.Cryptography;
using System.Text;

namespace BatchInference.Models.Onnx;

/// <summary>The pins of a model folder: <c>SHA256SUMS</c>, which <c>sha256sum -c</c> reads, with one line for every other file of the folder.</summary>
internal static class ModelPins
{
    public const string FileName = "SHA256SUMS";

    private const string Remedy = "Restore the folder from where it came, or, if the change is meant, pin it anew with `batch-inference models add`.";

    // Hidden files count: what lies in the folder is pinned or it is a mistake. Links to folders are not followed, since they may lead in a circle.
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, RecurseSubdirectories = false, IgnoreInaccessible = false };

    /// <summary>The files of a folder with the hash of each as it is now, sorted by name.</summary>
    public static IReadOnlyList<ModelFile> Compute(string folder) => [.. Names(folder).Select(name => new ModelFile(name, Hash(folder, name)))];

    /// <summary>Compares a folder with its pins and tells every difference.</summary>
    /// <returns>The pinned files, sorted by name, and the differences; a folder is good when there are none.</returns>
    public static (IReadOnlyList<ModelFile> Files, IReadOnlyList<string> Differences) Verify(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            return ([], [$"{path}: expected the pins of the model's files, found no such file. Pin the folder with `batch-inference models add`."]);

        var differences = new List<string>();
        var pinned = Read(path, differences);
        foreach (var (name, expected) in pinned)
        {
            if (!File.Exists(Path.Combine(folder, name)))
                differences.Add($"{Path.Combine(folder, name)}: expected SHA-256 {expected}, found no such file. {Remedy}");
            else if (Hash(folder, name) is var found && found != expected)
                differences.Add($"{Path.Combine(folder, name)}: expected SHA-256 {expected}, found {found}. {Remedy}");
        }

        foreach (var name in Names(folder).Where(name => !pinned.ContainsKey(name)))
            differences.Add($"{Path.Combine(folder, name)}: expected no such file, since {FileName} does not list it. Remove it, or pin the folder anew with `batch-inference models add`.");
        return ([.. pinned.Select(pin => new ModelFile(pin.Key, pin.Value))], differences);
    }

    /// <summary>Writes the pins, replacing what was there.</summary>
    public static void Write(string folder, IReadOnlyList<ModelFile> files)
    {
        var lines = new StringBuilder();
        foreach (var file in files)
            lines.Append(file.Sha256).Append("  ").Append(file.Name).Append('\n');
        var path = Path.Combine(folder, FileName);
        File.WriteAllText(path + ".new", lines.ToString());
        File.Move(path + ".new", path, overwrite: true);
    }

    private static SortedDictionary<string, string> Read(string path, List<string> differences)
    {
        var pinned = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (line.Length == 0)
                continue;

            // "<hash>  <name>", or "<hash> *<name>" for files read as binary.
            if (line.Length < 67 || line[64] != ' ' || line[65] is not (' ' or '*') || !line.AsSpan(0, 64).ContainsOnlyHexadecimal())
                differences.Add($"{path}, line {number}: expected 64 hexadecimal digits, two blanks and a file name, found `{line}`. Pin the folder anew with `batch-inference models add`.");
            else if (line[66..] is var name && !IsInside(name))
                differences.Add($"{path}, line {number}: expected a name inside the folder, found `{name}`. Pin the folder anew with `batch-inference models add`.");
            else if (!pinned.TryAdd(name, line[..64].ToLowerInvariant()))
                differences.Add($"{path}, line {number}: expected each file once, found `{name}` again. Pin the folder anew with `batch-inference models add`.");
        }

        return pinned;
    }

    private static bool ContainsOnlyHexadecimal(this ReadOnlySpan<char> text)
    {
        foreach (var character in text)
            if (!char.IsAsciiHexDigit(character))
                return false;
        return true;
    }

    private static bool IsInside(string name) => !Path.IsPathRooted(name) && !name.Contains('\\') && name.Split('/').All(part => part is not ("" or "." or ".."));

    private static List<string> Names(string folder)
    {
        var names = new List<string>();
        Walk(new DirectoryInfo(folder), "");
        names.Remove(FileName);
        names.Sort(StringComparer.Ordinal);
        return names;

        void Walk(DirectoryInfo at, string prefix)
        {
            foreach (var entry in at.EnumerateFileSystemInfos("*", Everything))
            {
                if (entry is not DirectoryInfo inner)
                    names.Add(prefix + entry.Name);
                else if (inner.LinkTarget is null)
                    Walk(inner, prefix + entry.Name + "/");
            }
        }
    }

    private static string Hash(string folder, string name)
    {
        using var file = new FileStream(Path.Combine(folder, name), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 20, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
