using BatchInference.Testing;

[assembly: AssemblyFixture(typeof(BatchInference.EndToEnd.DemoRun))]

namespace BatchInference.EndToEnd;

/// <summary>The demo, run once by the published program for all tests that only look at its results.</summary>
public sealed class DemoRun : IAsyncLifetime
{
    /// <summary>The files of the archive, with the job's names for them.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Directory.GetFiles(Archive, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Archive, path).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    /// <summary>The documents that have a row: the files, and the attachment of one.</summary>
    public static IReadOnlyList<string> Documents { get; } = [.. Files.Append("2026/messagerie/mission-bruxelles.eml!/programme-mission.txt").Order(StringComparer.Ordinal)];

    public static string Archive => Repository.At("config/demo/documents");

    public TempFolder Folder { get; } = new();

    public string State => Folder["state"];

    public string Output => Folder["results"];

    public ResultFolder Results => new(Output, "demo");

    public Ended First { get; private set; } = null!;

    public async ValueTask InitializeAsync() => First = await WorkerProcess.RunAsync(State, "run", "demo", "--output", Output);

    public ValueTask DisposeAsync()
    {
        Folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
