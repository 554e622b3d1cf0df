using System.Runtime.InteropServices;

namespace BatchInference.EndToEnd.Faults;

/// <summary>Folders and disks: of the documents, of the results, of the program's own files.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class FolderFaultsTests : FaultyMachine
{
    [Fact]
    public Task ASourceThatIsGone()
    {
        Directory.Delete(Folder["archive"], recursive: true);
        return ShouldTellAsync(2, $"jobs/letters.json: source.folder.path: the folder {Folder["archive"]} does not exist, or this account may not see it. Create it, or write another path.");
    }

    [Fact]
    public async Task AnOutputThatTheAccountMayNotWrite()
    {
        OpenToAll();
        Directory.CreateDirectory(Folder["results"]);
        File.SetUnixFileMode(Folder["results"], (UnixFileMode)0b111_101_101);
        using var worker = StartAfter($"mkdir -p '{Folder["state"]}'; chown 65534 '{Folder["state"]}'; set -- setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"");
        await ShouldPauseAsync(worker, $"Paused: The output {Folder["results/letters"]} cannot be written: permission denied. Give the account of the service the right to write. It is tried again every 10 seconds.");
    }

    [Fact]
    public async Task AnOutputOnAFullDisk()
    {
        Directory.CreateDirectory(Folder["results"]);
        using var worker = StartAfter($"mount -t tmpfs -o size=64k tmpfs '{Folder["results"]}'; head -c 65536 /dev/zero > '{Folder["results/x"]}' || true");
        await ShouldPauseAsync(worker, $"Paused: The output {Folder["results/letters"]} cannot be written: the disk is full. Free space on it. It is tried again every 10 seconds.");
    }

    [Fact]
    public async Task AnOutputThatIsReadOnly()
    {
        Directory.CreateDirectory(Folder["results"]);
        using var worker = StartAfter($"mount -t tmpfs -o ro tmpfs '{Folder["results"]}'");
        await ShouldPauseAsync(worker, $"Paused: The output {Folder["results/letters"]} cannot be written: it became read-only. Look at the disk, and mount it for writing. It is tried again every 10 seconds.");
    }

    [Fact]
    public async Task AStateFolderOnAFullDisk()
    {
        Directory.CreateDirectory(Folder["state"]);
        (await RunAfterAsync($"mount -t tmpfs -o size=64k tmpfs '{Folder["state"]}'; head -c 65536 /dev/zero > '{Folder["state/x"]}' || true")).ShouldExit(2).Errors.TrimEnd()
            .ShouldBe($"{Folder["state"]}: the state folder cannot be written by root: the disk is full. Free space on it. Or run as the account of the service, or name another folder with --state.");
    }

    [Fact]
    public async Task AStateFolderThatIsReadOnly()
    {
        Directory.CreateDirectory(Folder["state"]);
        (await RunAfterAsync($"mount -t tmpfs -o ro tmpfs '{Folder["state"]}'")).ShouldExit(2).Errors.TrimEnd()
            .ShouldBe($"{Folder["state"]}: the state folder cannot be written by root: it became read-only. Look at the disk, and mount it for writing. Or run as the account of the service, or name another folder with --state.");
    }

    [Fact]
    public async Task AStateFolderOfAnotherAccount()
    {
        await ShellAsync($"mkdir '{Folder["state"]}' && chown 65534 '{Folder["state"]}'");
        await ShouldTellAsync(2, $"{Folder["state"]}: the state folder belongs to another account (user id 65534; this one is 0), which could not open the files of this run. Run as that account: sudo -u '#65534' batch-inference …");
    }

    [Fact]
    public Task ATemporaryFolderThatIsGone() =>
        ShouldTellAsync(2, $"{Folder["nowhere/"]}: the folder for temporary files cannot be written by root: there is no such folder. Create it. Or name another one by the environment variable TMPDIR.", new Dictionary<string, string> { ["TMPDIR"] = Folder["nowhere"] });

    [Fact]
    public async Task ATemporaryFolderThatTheAccountMayNotWrite()
    {
        OpenToAll();
        Directory.CreateDirectory(Folder["tmp"]);
        File.SetUnixFileMode(Folder["tmp"], (UnixFileMode)0b111_101_101);
        (await AsNobodyAsync(new Dictionary<string, string> { ["TMPDIR"] = Folder["tmp"] })).ShouldExit(2).Errors.TrimEnd()
            .ShouldBe($"{Folder["tmp/"]}: the folder for temporary files cannot be written by nobody: permission denied. Give the account of the service the right to write. Or name another one by the environment variable TMPDIR.");
    }

    [Fact]
    public async Task AFolderOfLogFilesThatTheAccountMayNotWrite()
    {
        OpenToAll();
        Directory.CreateDirectory(Folder["logs"]);
        File.SetUnixFileMode(Folder["logs"], (UnixFileMode)0b111_101_101);
        Settings = $$"""{ "Models": { "Default": "tiny" }, "Logging": { "Files": { "Enabled": true, "Folder": "{{Folder["logs"]}}" } } }""";
        await ShellAsync($"chmod -R o-w '{Folder["config"]}'");
        // The run goes on without them.
        var ended = (await AsNobodyAsync()).ShouldExit(0);
        ended.Errors.Split('\n')[0].ShouldBe($"No log files are written: {Folder["logs"]}: the folder of the log files cannot be written by nobody: permission denied. Give the account of the service the right to write. Or set Logging.Files.Folder, or Logging.Files.Enabled to false.");
        ended.Output.ShouldContain("is complete.");
        (await AsNobodyAsync(verb: "doctor")).ShouldExit(0).Output.ShouldContain($"none are written: {Folder["logs"]}: the folder of the log files cannot be written by nobody: permission denied. Give the account of the service the right to write. Or set Logging.Files.Folder, or Logging.Files.Enabled to false.");
    }

    // Nothing is lost by such a fault, so the run waits for its end; asked to stop it ends in good order.
    private static async Task ShouldPauseAsync(WorkerProcess worker, string message)
    {
        await worker.UntilAsync(() => worker.HasEnded || worker.Errors.Contains("Paused:", StringComparison.Ordinal));
        worker.Signal(PosixSignal.SIGTERM);
        (await worker.EndAsync()).ShouldExit(4).Errors.Split('\n').Single(line => line.StartsWith("Paused:", StringComparison.Ordinal)).ShouldBe(message);
    }
}
