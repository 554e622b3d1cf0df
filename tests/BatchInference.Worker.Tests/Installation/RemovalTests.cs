using System.Diagnostics;
using BatchInference.Testing;
using BatchInference.Worker.Installation;

namespace BatchInference.Worker.Tests.Installation;

/// <summary>What a purge leaves of a folder of the service that a job wrote into: by the program, and by the script of the package.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class RemovalTests : IDisposable
{
    private readonly TempFolder folder = new();

    public RemovalTests()
    {
        foreach (var file in (string[])["ledger.db", ".hidden/file", "a b/*/file", "results/readme.txt", "results/letters/_runs/20261124T190000Z-0002/run.json", "results/letters/jsonl/run_date=2026-11-24/part.jsonl", "new/first/jsonl/run_date=2026-11-24/part.jsonl"])
            folder.Write($"state/{file}", "of the service");
        folder.Write("linked/_runs/file", "somebody else's");
        folder.Write("elsewhere/file", "somebody else's");
        File.CreateSymbolicLink(folder["state/link"], folder["elsewhere"]);
        File.CreateSymbolicLink(folder["state/results/link"], folder["linked"]);
        folder.Write("config/jobs/letters.json", "{}");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task APurgeLeavesResultsAndTellsWhereTheyAre()
    {
        using var told = new StringWriter();
        await Installer.ApplyAsync([new Remove("Removing the state", folder["state"]), new Remove("Removing the configuration", folder["config"]), new Remove("Removing what is not there", folder["none"])], told, default);
        OnlyResultsAreLeft(told.ToString());
    }

    [Fact]
    public async Task APurgeOfThePackageLeavesThemToo()
    {
        var script = File.ReadAllText(Repository.At("install/linux/deb/postrm"));
        foreach (var (path, here) in new[] { ("/var/lib/batch-inference", folder["state"]), ("/etc/batch-inference", folder["config"]), ("/var/cache/batch-inference", folder["none"]), ("/var/log/", folder["none/"]), ("/etc/systemd/", folder["none/"]), ("/run/systemd/", folder["none/"]), ("deb-systemd-helper", "none") })
            script = script.Replace(path, here, StringComparison.Ordinal);
        folder.Write("postrm", script);
        using var shell = Process.Start(new ProcessStartInfo("sh", [folder["postrm"], "purge"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = shell.StandardError.ReadToEndAsync();
        var told = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        (await errors).ShouldBeEmpty();
        shell.ExitCode.ShouldBe(0);
        OnlyResultsAreLeft(told);
    }

    private void OnlyResultsAreLeft(string told)
    {
        foreach (var results in (string[])["state/results/letters", "state/new/first"])
            told.ShouldContain($"{folder[results]} stays: it holds the results of a job.");
        Directory.GetFiles(folder["state"], "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Select(path => Path.GetRelativePath(folder["state"], path)).Order(StringComparer.Ordinal).ShouldBe(
        [
            "new/first/jsonl/run_date=2026-11-24/part.jsonl", "results/letters/_runs/20261124T190000Z-0002/run.json", "results/letters/jsonl/run_date=2026-11-24/part.jsonl",
        ]);
        Directory.GetDirectories(folder["state"]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).ShouldBe(["new", "results"]);
        Directory.Exists(folder["config"]).ShouldBeFalse();
        File.Exists(folder["elsewhere/file"]).ShouldBeTrue();
        File.Exists(folder["linked/_runs/file"]).ShouldBeTrue();
    }
}
