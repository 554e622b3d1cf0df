using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Doctor;

/// <summary>Whether what a night writes has room.</summary>
internal static class DiskSpace
{
    // Under this a night's parts, ledger and temporary files may not fit, whatever was written before.
    private const long Least = 1L << 30;

    /// <summary>The room at a folder.</summary>
    /// <param name="check">What is looked at.</param>
    /// <param name="folder">It may not be there yet.</param>
    /// <param name="expected">Bytes that are likely to be written there.</param>
    public static Finding Of(string check, string folder, long expected)
    {
        try
        {
            var drive = new DriveInfo(Existing(folder));
            return Judge(check, drive.AvailableFreeSpace, drive.TotalSize, expected);
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException)
        {
            // Windows knows the room of drives alone, not of a share. Whether the folder can be written is another check's.
            return new(check, true, $"how much room {folder} has is not known: {error.Message.ReplaceLineEndings(" ")}", "Look at the share or drive yourself, before a night needs the room.");
        }
    }

    /// <summary>Where documents are unpacked and parts are kept before a store takes them.</summary>
    public static Finding Temporary()
    {
        const string check = "temporary files";
        var tried = Examination.Judge(check, TemporaryFolder.Try);
        if (!tried.Good)
            return tried;
        var space = Of(check, tried.Found, 0);
        return space with { Found = $"{tried.Found} can be written; {space.Found}" };
    }

    /// <summary>A ledger is copied before its tables are brought further.</summary>
    public static long ForLedger(string stateFolder) => SqliteLedger.Exists(stateFolder) ? Directory.GetFiles(stateFolder, "ledger.db*").Sum(path => new FileInfo(path).Length) : 0;

    /// <summary>The nearest folder above that there is.</summary>
    public static string Existing(string folder)
    {
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
            folder = parent;
        return folder;
    }

    internal static Finding Judge(string check, long free, long total, long expected)
    {
        var needed = Math.Max(Least, 2 * expected);
        var found = $"{Gigabytes(free)} GiB free of {Gigabytes(total)}{(expected > 0 ? $"; {Gigabytes(expected)} GiB are likely to be written" : "")}";
        return free >= needed ? new(check, true, found, null) : new(check, false, found, $"Make room: {Gigabytes(needed)} GiB at least.");
    }

    private static string Gigabytes(long bytes) => (bytes / (double)(1L << 30)).ToString("0.0", CultureInfo.InvariantCulture);
}
