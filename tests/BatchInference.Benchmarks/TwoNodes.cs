using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using BatchInference.Testing;

namespace BatchInference.Benchmarks;

/// <summary>
/// The same archive by the services of one node and of two that share a PostgreSQL ledger, each node on one core: the published program from its start to the close of the run. Linux with <c>taskset</c>, two cores.
/// </summary>
internal static class TwoNodes
{
    public static async Task<int> RunAsync(int documents, int turns)
    {
        using var folder = new TempFolder();
        SyntheticArchive.Write(folder["archive"], documents, mostSentences: 12);
        var (one, two) = (new List<double>(), new List<double>());
        for (var turn = 0; turn < turns; turn++)
        {
            one.Add(await NightAsync(folder, documents, $"one-{turn}", cores: [0]));
            two.Add(await NightAsync(folder, documents, $"two-{turn}", cores: [0, 1]));
            Console.WriteLine(FormattableString.Invariant($"turn {turn}: one node {one[^1]:F1} s, two nodes {two[^1]:F1} s, ratio {two[^1] / one[^1]:F3}"));
        }

        Console.WriteLine(FormattableString.Invariant($"best to best: {two.Min() / one.Min():F3} ({documents} documents)"));
        return 0;
    }

    private static async Task<double> NightAsync(TempFolder folder, int documents, string name, int[] cores)
    {
        await using var server = await PostgresServer.StartAsync();
        var now = TimeProvider.System.GetUtcNow();
        string Clock(int hours) => now.AddHours(hours).ToString("HH:mm", CultureInfo.InvariantCulture);
        folder.Write($"{name}/config/appsettings.json", """{ "Models": { "Threads": 1 }, "Limits": { "Readers": 2 } }""");
        Directory.CreateSymbolicLink(folder[$"{name}/config/models"], Repository.At("config/models"));
        Directory.CreateSymbolicLink(folder[$"{name}/config/labels"], Repository.At("config/labels"));
        folder.Write($"{name}/config/jobs/letters.json", $$"""
            { "schedule": [ { "opens": "{{Clock(-2)}}", "closes": "{{Clock(6)}}", "timeZone": "UTC" } ], "source": { "folder": { "path": "{{folder["archive"]}}" } },
              "tasks": { "topic": { "classify": { "labels": "topics" } }, "summary": { "summarize": { "sentences": 2 } } }, "output": { "folder": "{{folder[$"{name}/results"]}}" } }
            """);
        var clock = Stopwatch.StartNew();
        Process[] nodes = [.. cores.Select(core => Start(folder, name, core, server.Connection))];
        var runs = folder[$"{name}/results/letters/_runs"];
        while (!Directory.Exists(runs) || !Directory.EnumerateFiles(runs, "_SUCCESS", SearchOption.AllDirectories).Any())
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        var seconds = clock.Elapsed.TotalSeconds;
        foreach (var node in nodes)
        {
            node.Kill(entireProcessTree: true);
            await node.WaitForExitAsync();
            node.Dispose();
        }

        var completed = Directory.EnumerateFiles(runs, "manifest.json", SearchOption.AllDirectories).Sum(manifest => (int)JsonNode.Parse(File.ReadAllText(manifest))!["counts"]!["completed"]!);
        return completed == documents ? seconds : throw new InvalidOperationException($"{completed} of {documents} documents were completed.");
    }

    private static Process Start(TempFolder folder, string name, int core, string connection)
    {
        var start = new ProcessStartInfo("taskset", ["-c", core.ToString(CultureInfo.InvariantCulture), Repository.At(".artifacts/publish/BatchInference.Worker/release/batch-inference"), "service", "--config", folder[$"{name}/config"], "--state", folder[$"{name}/state-{core}"]])
        {
            WorkingDirectory = Repository.Root, RedirectStandardError = true, RedirectStandardOutput = true,
        };
        start.Environment["BATCHINFERENCE__Ledger__PostgreSql"] = connection;
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.OutputDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }
}
