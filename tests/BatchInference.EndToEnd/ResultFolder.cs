using System.Text.Json.Nodes;

namespace BatchInference.EndToEnd;

/// <summary>The output folder of one job, read as a data team would.</summary>
public sealed class ResultFolder(string output, string job)
{
    public string Path { get; } = System.IO.Path.Combine(output, job);

    public IReadOnlyList<string> Runs => Directory.Exists(Under("_runs"))
        ? [.. Directory.GetDirectories(Under("_runs")).Order(StringComparer.Ordinal)]
        : [];

    public IReadOnlyList<string> Parts(string format) => Directory.Exists(Under(format))
        ? [.. Directory.GetFiles(Under(format), "part-*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
        : [];

    public IReadOnlyList<string> Lines() => [.. Parts("jsonl").SelectMany(File.ReadLines)];

    public IEnumerable<JsonNode> Rows() => Lines().Select(line => JsonNode.Parse(line)!);

    public IEnumerable<JsonNode> Errors() => Runs.Select(run => System.IO.Path.Combine(run, "errors.jsonl")).Where(File.Exists)
        .SelectMany(File.ReadLines).Select(line => JsonNode.Parse(line)!);

    public IEnumerable<JsonNode> Manifests() => Runs.Select(run => JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(run, "manifest.json")))!);

    /// <summary>True when there are runs, all closed, whose manifests name parts of so many rows. A part that nobody names does not count: a late writer's is there for a moment.</summary>
    public bool HasClosed(int rows)
    {
        try
        {
            return Runs is { Count: > 0 } runs && runs.All(IsClosed) && Told().Sum(part => File.ReadLines(Under(part)).Count()) == rows;
        }
        catch (IOException)
        {
            // Not yet, or no longer.
            return false;
        }
    }

    /// <summary>Every run folder is closed; every part is in exactly one manifest, whole; every document has one row.</summary>
    public void ShouldBeInOrder(IEnumerable<string> documentsWithRow)
    {
        foreach (var run in Runs)
            IsClosed(run).ShouldBeTrue($"{run} is not closed.");

        var told = Told().ToList();
        told.ShouldBeUnique();
        told.Order(StringComparer.Ordinal).ShouldBe(Parts("jsonl").Select(part => System.IO.Path.GetRelativePath(Path, part).Replace('\\', '/')).Order(StringComparer.Ordinal));

        var rows = Rows().Select(row => row["document"]!.GetValue<string>()).ToList();
        rows.ShouldBeUnique();
        rows.Order(StringComparer.Ordinal).ShouldBe(documentsWithRow.Order(StringComparer.Ordinal));
    }

    /// <summary>No half-written file lies about.</summary>
    public void ShouldHoldNoTemporaryFile() =>
        Directory.GetFiles(Path, "*", SearchOption.AllDirectories)
            .Where(path => System.IO.Path.GetFileName(path).StartsWith('.') || path.EndsWith(".tmp", StringComparison.Ordinal))
            .ShouldBeEmpty();

    private static bool IsClosed(string run) => File.Exists(System.IO.Path.Combine(run, "_SUCCESS"));

    private IEnumerable<string> Told() => Manifests().SelectMany(manifest => manifest["parts"]!.AsArray()).Select(part => part!["file"]!.GetValue<string>());

    private string Under(string name) => System.IO.Path.Combine(Path, name);
}
