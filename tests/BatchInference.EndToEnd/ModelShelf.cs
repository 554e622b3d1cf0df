using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using BatchInference.Testing;

[assembly: AssemblyFixture(typeof(BatchInference.EndToEnd.ModelShelf))]

namespace BatchInference.EndToEnd;

/// <summary>Every model folder of the fixtures, put onto one shelf by the published program for all tests that only use it.</summary>
public sealed class ModelShelf : IAsyncLifetime
{
    private readonly Lazy<Task> added;

    public ModelShelf() => added = new(AddAsync);

    public static string Fixtures => Repository.At("tests/fixtures/models");

    /// <summary>The names of all folders.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Directory.GetDirectories(Fixtures).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    /// <summary>The texts that the expectations speak of.</summary>
    public static JsonNode Strings { get; } = JsonNode.Parse(File.ReadAllText(Repository.At("tests/fixtures/strings.json")))!;

    public TempFolder Folder { get; } = new();

    public string State => Folder["state"];

    /// <summary>What <c>models add</c> said of each.</summary>
    public ConcurrentDictionary<string, string> Said { get; } = [];

    /// <summary>What the reference implementation gives for a folder.</summary>
    public static JsonNode Expected(string model) => JsonNode.Parse(File.ReadAllText(Path.Combine(Fixtures, model, "expected.json")))!;

    /// <summary>Gives lines to <c>models try</c> in one process and reads one answer for each.</summary>
    public async Task<IReadOnlyList<JsonNode>> TryAsync(string model, IEnumerable<JsonNode> lines, params string[] options)
    {
        await added.Value;
        var asked = lines.Select(line => line.ToJsonString()).ToArray();
        var ended = (await WorkerProcess.AskAsync(State, string.Concat(asked.Select(line => line + "\n")), ["models", "try", model, .. options])).ShouldExit(0);
        var answers = ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => JsonNode.Parse(line)!).ToArray();
        answers.Length.ShouldBe(asked.Length);
        return answers;
    }

    /// <summary>Waits until all are on the shelf.</summary>
    public Task ReadyAsync() => added.Value;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        Folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task AddAsync()
    {
        // Most of the time of each is the start of the program.
        await Parallel.ForEachAsync(Names, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (name, _) =>
            Said[name] = (await WorkerProcess.RunAsync(State, "models", "add", Path.Combine(Fixtures, name))).ShouldExit(0).Output);
    }
}
