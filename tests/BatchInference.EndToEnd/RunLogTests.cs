namespace BatchInference.EndToEnd;

/// <summary>What a run in the foreground leaves in its log.</summary>
public sealed class RunLogTests
{
    [Fact]
    public async Task ARunLeavesItsFactsInAFileOfItsOwnWithRunShardAndDocument()
    {
        using var archive = new TinyArchive(20);
        archive.Folder.Write("archive/empty.txt", "");
        archive.Folder.Write("config/appsettings.json", """{ "Models": { "Default": "tiny" }, "Logging": { "Level": "trace" } }""");
        (await archive.RunAsync("state")).ShouldExit(0).Errors.ShouldNotContain("No log files");
        // Two files where midnight passes meanwhile.
        var lines = Directory.GetFiles(archive.Folder["state/log"], "run-letters-*.log").SelectMany(File.ReadAllLines).ToList();
        var run = (string)archive.Results.Manifests().Single()["run"]!;
        lines.ShouldContain(line => line.Contains($"info  BatchInference.Pipeline.Run[1] Run {run} of letters began: ", StringComparison.Ordinal));
        lines.ShouldContain(line => line.Contains($"Run {run}, shard ", StringComparison.Ordinal) && line.EndsWith(": empty.txt failed at extract (permanent: True)", StringComparison.Ordinal));
        lines.ShouldContain(line => line.Contains($"Run {run} ended: Complete, 21 rows in ", StringComparison.Ordinal));
        // The documents' texts are made of these words.
        var text = File.ReadAllText(Directory.GetFiles(archive.Folder["archive"], "*.txt", SearchOption.AllDirectories).First(path => new FileInfo(path).Length > 0));
        foreach (var word in text.Split(' ', '.', ',').Where(word => word.Length > 6).Take(5))
            lines.ShouldNotContain(line => line.Contains(word, StringComparison.Ordinal), customMessage: word);
    }

    [Fact]
    public async Task WhereNoLogCanBeWrittenTheRunSaysSoAndGoesOn()
    {
        using var archive = new TinyArchive(3);
        archive.Folder.Write("config/appsettings.json", """{ "Models": { "Default": "tiny" }, "Logging": { "Files": { "Folder": "/proc/nowhere" } } }""");
        (await archive.RunAsync("state")).ShouldExit(0).Errors.ShouldContain("No log files are written: ");
        archive.Results.Rows().Count().ShouldBe(3);
    }
}
