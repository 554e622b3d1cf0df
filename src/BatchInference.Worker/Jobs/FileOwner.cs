using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;

namespace BatchInference.Worker.Jobs;

/// <summary>User ids on Linux, as the kernel shows them.</summary>
[SupportedOSPlatform("linux")]
internal static class FileOwner
{
    /// <summary>The user that this process acts as.</summary>
    public static int OfProcess()
    {
        // «Uid: real effective saved filesystem»
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal));
        return int.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[2], CultureInfo.InvariantCulture);
    }

    /// <summary>The owner of a file; null when it cannot be told.</summary>
    public static int? Of(string path)
    {
        // The base library gives a file's mode, not its owner; coreutils are on every system that has this one.
        try
        {
            using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%u", path]) { RedirectStandardOutput = true });
            return int.TryParse(stat?.StandardOutput.ReadToEnd(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var user) ? user : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
