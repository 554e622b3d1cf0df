using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>A configuration of its own for a test, with the shipped models and label sets and one job, <c>archives</c>.</summary>
public sealed class ConfigurationFolder : IDisposable
{
    private readonly TempFolder folder = new();

    /// <param name="source">Of the job, as JSON.</param>
    /// <param name="output">Of the job, as JSON.</param>
    /// <param name="storage">Of the settings, as JSON.</param>
    public ConfigurationFolder(string source, string output, string storage = "{}")
    {
        folder.Write("config/appsettings.json", $$"""{ "Paths": { "Shipped": "{{Repository.At("config").Replace('\\', '/')}}" }, "Storage": {{storage}} }""");
        folder.Write("config/jobs/archives.json", $$"""
            {
              "source": {{source}},
              "tasks": { "topic": { "classify": { "labels": "topics" } }, "summary": { "summarize": { "sentences": 2 } } },
              "output": {{output}}
            }
            """);
    }

    public string this[string relative] => folder[relative];

    public Task<Ended> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments) => Start(environment, arguments).EndAsync();

    public WorkerProcess Start(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        WorkerProcess.Start(folder["state"], environment, [.. arguments, "--config", folder["config"]]);

    public void Dispose() => folder.Dispose();
}
