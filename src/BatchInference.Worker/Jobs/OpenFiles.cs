using System.Globalization;

namespace BatchInference.Worker.Jobs;

/// <summary>How many files the program may have open. Looked at before anything else: with too few not even the parts of the program can be loaded, and what is told then helps nobody.</summary>
internal static class OpenFiles
{
    private const int Least = 256;

    /// <summary>What is wrong with the limit; null when it suffices.</summary>
    public static string? Problem()
    {
        if (!OperatingSystem.IsLinux())
            return null;
        // «Max open files  1024  1048576  files»: .NET has raised the first number to the second.
        var limit = File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal))?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];
        return int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most < Least
            ? $"This process may have {most} files open, and needs {Least} at least. Raise the limit (ulimit -n, or LimitNOFILE= of the unit)."
            : null;
    }
}
