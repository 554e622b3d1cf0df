using System.Globalization;
using System.Security.Cryptography;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>An archive and a job whose model is so small that a test asks for the books, not for the speed.</summary>
public sealed class TinyArchive : IDisposable
{
    private const string Job = "letters";

    public TinyArchive(int documents)
    {
        SyntheticArchive.Write(Folder["archive"], documents, mostSentences: 2);
        Folder.Write("config/appsettings.json", """{ "Models": { "Default": "tiny" } }""");
        // A night that is open now, whenever now is.
        var now = TimeProvider.System.GetUtcNow();
        string Clock(int hours) => now.AddHours(hours).ToString("HH:mm", CultureInfo.InvariantCulture);
        Folder.Write($"config/jobs/{Job}.json", $$"""
            { "schedule": [ { "opens": "{{Clock(-2)}}", "closes": "{{Clock(6)}}", "timeZone": "UTC" } ],
              "source": { "folder": { "path": "{{Folder["archive"]}}" } }, "tasks": { "topic": { "classify": { "model": "tiny" } } }, "output": { "folder": "{{Folder["results"]}}", "formats": ["jsonl", "parquet"] } }
            """);
        CopyModel(Repository.At("tests/fixtures/models/bert"), Folder["config/models/tiny"]);
    }

    public TempFolder Folder { get; } = new();

    /// <summary>Takes all documents away, and gives what brings them back, so many at a time: an archive that grows while workers come and go, since there would soon be nothing left to do.</summary>
    public Action<int> Grow()
    {
        var later = Folder["later"];
        var waiting = new Queue<string>(Documents.Order(StringComparer.Ordinal));
        Directory.Move(Folder["archive"], later);
        Directory.CreateDirectory(Folder["archive"]);
        return count =>
        {
            while (count-- > 0 && waiting.TryDequeue(out var name))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Folder[$"archive/{name}"])!);
                File.Move(Path.Combine(later, name), Folder[$"archive/{name}"]);
            }
        };
    }

    public ResultFolder Results => new(Folder["results"], Job);

    public IEnumerable<string> Documents => Directory.GetFiles(Folder["archive"], "*.txt", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Folder["archive"], path).Replace('\\', '/'));

    /// <summary>Starts a run on a node, that is with a state folder of that name.</summary>
    public WorkerProcess Start(string node, IReadOnlyDictionary<string, string>? environment = null) => WorkerProcess.Start(Folder[node], environment, "run", Job, "--config", Folder["config"]);

    /// <summary>Starts the service on a node.</summary>
    public WorkerProcess StartService(string node, IReadOnlyDictionary<string, string>? environment = null) => WorkerProcess.Start(Folder[node], environment, "service", "--config", Folder["config"]);

    public async Task<Ended> RunAsync(string node, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var worker = Start(node, environment);
        return await worker.EndAsync();
    }

    public void Dispose() => Folder.Dispose();

    private static void CopyModel(string from, string to)
    {
        Directory.CreateDirectory(to);
        var sums = new List<string>();
        foreach (var file in Directory.GetFiles(from).Where(path => Path.GetFileName(path) != "expected.json"))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
            sums.Add($"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))}  {Path.GetFileName(file)}");
        }

        File.WriteAllLines(Path.Combine(to, "SHA256SUMS"), sums);
    }
}
