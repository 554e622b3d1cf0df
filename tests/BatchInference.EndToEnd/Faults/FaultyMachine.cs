using BatchInference.Testing;

namespace BatchInference.EndToEnd.Faults;

/// <summary>An archive of three letters with a tiny model, and one fault of the machine that an admin meets. What the program says is compared whole: the thing, the place, the reason, the remedy.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public abstract class FaultyMachine : IDisposable
{
    private const string Everybody = "777";

    protected TinyArchive Archive { get; } = new(3);

    protected TempFolder Folder => Archive.Folder;

    protected string Job { get => File.ReadAllText(Folder["config/jobs/letters.json"]); set => Folder.Write("config/jobs/letters.json", value); }

    protected string Settings { set => Folder.Write("config/appsettings.json", value); }

    public void Dispose()
    {
        Archive.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs the job and compares all that is told on standard error.</summary>
    protected async Task ShouldTellAsync(int code, string message, IReadOnlyDictionary<string, string>? environment = null) =>
        (await Archive.RunAsync("state", environment)).ShouldExit(code).Errors.TrimEnd().ShouldBe(message);

    /// <summary>Runs the job as an account that owns nothing but its state folder.</summary>
    protected async Task<Ended> AsNobodyAsync(IReadOnlyDictionary<string, string>? environment = null, string node = "state", params string[] verb)
    {
        await ShellAsync($"mkdir -p '{Folder[node]}' && chmod a+rX '{Folder.Path}' && chown 65534:65534 '{Folder[node]}' && chmod u+rwx '{Folder[node]}'");
        using var worker = WorkerProcess.StartThrough("setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups"], Folder[node], environment, [.. verb.Length > 0 ? verb : ["run", "letters"], "--config", Folder["config"]]);
        return await worker.EndAsync();
    }

    /// <summary>Starts the job behind a few commands of the shell, in a mount namespace of its own.</summary>
    protected WorkerProcess StartAfter(string commands, params string[] arguments) =>
        WorkerProcess.StartThrough("unshare", ["--mount", "sh", "-ec", $"{commands}\nexec \"$@\"", "sh"], Folder["state"], [.. arguments.Length > 0 ? arguments : ["run", "letters"], "--config", Folder["config"]]);

    protected async Task<Ended> RunAfterAsync(string commands, params string[] arguments)
    {
        using var worker = StartAfter(commands, arguments);
        return await worker.EndAsync();
    }

    protected void OpenToAll() => ShellAsync($"chmod -R {Everybody} '{Folder.Path}'").GetAwaiter().GetResult();

    protected static async Task ShellAsync(string commands)
    {
        using var shell = System.Diagnostics.Process.Start("sh", ["-ec", commands]);
        await shell.WaitForExitAsync();
        shell.ExitCode.ShouldBe(0, commands);
    }
}
