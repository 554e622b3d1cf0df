namespace BatchInference.Worker.Installation;

/// <summary>Removes a folder with all that is in it but results: an admin may have let a job write into a folder of the service.</summary>
internal static class Removal
{
    /// <summary>Removes what may be removed; gives the folders of results that stay.</summary>
    public static IReadOnlyList<string> Of(string folder)
    {
        var stay = new List<string>();
        Remove(new DirectoryInfo(folder), stay);
        return stay;
    }

    // True when nothing of it is left. What a link leads to is somebody else's.
    private static bool Remove(DirectoryInfo folder, List<string> stay)
    {
        if (folder.LinkTarget is null)
        {
            if (HoldsResults(folder))
            {
                stay.Add(folder.FullName);
                return false;
            }

            var whole = true;
            foreach (var entry in folder.GetFileSystemInfos())
            {
                if (entry is DirectoryInfo inside)
                    whole &= Remove(inside, stay);
                else
                    entry.Delete();
            }

            if (!whole)
                return false;
        }

        folder.Delete();
        return true;
    }

    // The folder of a job's output: the records of its runs, or, while its first one goes, parts by date.
    private static bool HoldsResults(DirectoryInfo folder) =>
        Directory.Exists(Path.Combine(folder.FullName, "_runs")) || folder.EnumerateDirectories().Any(format => format.LinkTarget is null && format.EnumerateDirectories("run_date=*").Any());
}
