namespace BatchInference.Testing;

/// <summary>Where the checkout is, found from the running test.</summary>
public static class Repository
{
    public static string Root { get; } = Find();

    public static string At(string relative) => Path.Combine(Root, relative);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "BatchInference.sln")))
                return folder.FullName;
        throw new InvalidOperationException($"No BatchInference.sln above {AppContext.BaseDirectory}.");
    }
}
