namespace BatchInference.Worker.Jobs.Storages;

/// <summary>Where a folder lies behind all links on its way.</summary>
internal static class RealFolder
{
    // More are a link to itself.
    private const int MostLinks = 40;

    /// <summary>The path without links; what is not there yet stays as it is written.</summary>
    public static string Of(string path)
    {
        var links = 0;
        var (real, rest) = (Path.GetPathRoot(path)!, new Stack<string>(Steps(path)));
        while (rest.TryPop(out var step))
        {
            var next = Path.Combine(real, step);
            if (new DirectoryInfo(next).LinkTarget is { } target && ++links <= MostLinks)
            {
                var aim = Path.GetFullPath(target, real);
                real = Path.GetPathRoot(aim)!;
                foreach (var one in Steps(aim))
                    rest.Push(one);
            }
            else
            {
                real = next;
            }
        }

        return real;
    }

    // The last first, as a stack takes them.
    private static IEnumerable<string> Steps(string path) => path[Path.GetPathRoot(path)!.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse();
}
