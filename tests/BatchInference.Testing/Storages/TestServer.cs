using System.Diagnostics;
using System.Text.RegularExpressions;

namespace BatchInference.Testing;

/// <summary>A server of npm that tests start on a free port; <c>tests/run.sh</c> installs those of <c>tests/servers</c> into a folder of the user's cache.</summary>
public sealed class TestServer : IDisposable
{
    private readonly Process process;

    private TestServer(Process process, Uri address)
    {
        this.process = process;
        Address = address;
    }

    public Uri Address { get; }

    /// <param name="script">In <c>node_modules</c>.</param>
    /// <param name="ready">Matches the line by which the server says where it listens: group 1 is host and port.</param>
    /// <param name="arguments">Of the script.</param>
    public static async Task<TestServer> StartAsync(string script, Regex ready, params string[] arguments)
    {
        var path = Path.Combine(Folder, "node_modules", script);
        if (!File.Exists(path))
            throw new FileNotFoundException("The storage servers are not installed; tests/run.sh does it (npm ci of tests/servers).", path);
        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        foreach (var argument in arguments.Prepend(path)) start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        var said = new List<string>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            said.Add(line);
            if (ready.Match(line) is not { Success: true } match)
                continue;
            // What is said later is not looked at, and must not fill the pipe.
            _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
            _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
            return new TestServer(process, new Uri($"http://{match.Groups[1].Value}"));
        }

        throw new InvalidOperationException($"{script} ended: {string.Join('\n', said)} {await process.StandardError.ReadToEndAsync()}");
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    // As in tests/run.sh.
    private static string Folder => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "batch-inference", "test-servers");
}
