using BatchInference.Models.Onnx;

namespace BatchInference.Models.Shelf;

/// <summary>Whether everything of a folder lies in it: a link may not bring a file of the machine onto the shelf.</summary>
internal static class FolderLinks
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, RecurseSubdirectories = false };

    /// <summary>Looks at every entry, without opening one.</summary>
    /// <exception cref="ModelException">A link leads out of the folder, into a circle or nowhere: all of them, one a line.</exception>
    public static void Check(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        var root = Path.TrimEndingDirectorySeparator(Resolved(new DirectoryInfo(folder)).FullName) + Path.DirectorySeparatorChar;
        var problems = new List<string>();
        Walk(new DirectoryInfo(folder));
        if (problems.Count > 0)
            throw new ModelException(string.Join('\n', problems));

        void Walk(DirectoryInfo at)
        {
            foreach (var entry in at.EnumerateFileSystemInfos("*", Everything))
            {
                if (entry.LinkTarget is not null)
                {
                    if (Leaves(entry, root) is { } where)
                        problems.Add($"{entry.FullName}: expected a file of the folder, found a link to {where}. Give a folder that holds the files themselves, such as a copy by `cp -rL`.");
                }
                else if (entry is DirectoryInfo inner)
                {
                    Walk(inner);
                }
            }
        }
    }

    private static string? Leaves(FileSystemInfo link, string root)
    {
        try
        {
            var target = Resolved(link).FullName;
            return target.StartsWith(root, StringComparison.Ordinal) && File.Exists(target) ? null : target;
        }
        catch (IOException)
        {
            return "itself";
        }
    }

    private static FileSystemInfo Resolved(FileSystemInfo entry) => entry.ResolveLinkTarget(returnFinalTarget: true) ?? entry;
}
