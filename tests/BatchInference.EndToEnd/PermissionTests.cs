using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>A document that the service's account may not read.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class PermissionTests
{
    [Fact]
    public async Task AnUnreadableDocumentHasALineNowAndARowWhenItIsReadable()
    {
        using var folder = new TempFolder();
        folder.Write("archive/lisible.txt", "Le conseil municipal a adopté le budget de la commune. Les travaux de l'école commenceront en mars.");
        var locked = folder.Write("archive/2024/verrouillé.txt", "Le maire a signé l'arrêté qui interdit le stationnement. La rue sera rouverte en avril.");
        // The tests may run as root, whom no permission stops: the program runs as nobody.
        Mode(folder, 0b111_111_111);
        File.SetUnixFileMode(locked, UnixFileMode.None);
        string[] nobody = Environment.UserName == "root" ? ["--reuid", "65534", "--regid", "65534", "--clear-groups"] : [];
        string[] arguments = ["run", "demo", "--source", folder["archive"], "--output", folder["results"]];

        using (var worker = WorkerProcess.StartThrough("setpriv", nobody, folder["state"], arguments))
            (await worker.EndAsync()).ShouldExit(0);
        var results = new ResultFolder(folder["results"], "demo");
        results.ShouldBeInOrder(["lisible.txt"]);
        var line = results.Errors().ShouldHaveSingleItem();
        ((string)line["document"]!).ShouldBe("2024/verrouillé.txt");
        ((bool)line["permanent"]!).ShouldBeFalse();
        ((string)line["reason"]!).ShouldContain("ermission");

        File.SetUnixFileMode(locked, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        using (var worker = WorkerProcess.StartThrough("setpriv", nobody, folder["state"], arguments))
            (await worker.EndAsync()).ShouldExit(0);
        results.ShouldBeInOrder(["lisible.txt", "2024/verrouillé.txt"]);
    }

    [Fact]
    public async Task AnOutputThatBecomesReadOnlyPausesTheRunUntilItCanBeWrittenAgain()
    {
        using var folder = new TempFolder();
        Mode(folder, 0b111_111_111);
        var results = new ResultFolder(folder["results"], "demo");
        string[] nobody = Environment.UserName == "root" ? ["--reuid", "65534", "--regid", "65534", "--clear-groups"] : [];
        string[] arguments = ["run", "demo", "--output", folder["results"]];

        using (var stopped = WorkerProcess.StartThrough("setpriv", nobody, folder["state"], arguments))
        {
            await stopped.UntilAsync(() => results.Parts("jsonl").Count > 0);
            Mode(folder["results"], 0b101_101_101);
            await stopped.UntilAsync(() => stopped.Errors.Contains("Paused: The output", StringComparison.Ordinal));
            (await StatusAsync(nobody, folder["state"])).ShouldContain("; paused: The output ");
            stopped.Signal(System.Runtime.InteropServices.PosixSignal.SIGTERM);
            (await stopped.EndAsync()).ShouldExit(4);
        }

        Mode(folder["results"], 0b111_111_111);
        results.Parts("jsonl").Count.ShouldBeGreaterThan(0);
        using (var paused = WorkerProcess.StartThrough("setpriv", nobody, folder["state"], arguments))
        {
            var before = results.Parts("jsonl").Count;
            await paused.UntilAsync(() => results.Parts("jsonl").Count > before);
            Mode(folder["results"], 0b101_101_101);
            await paused.UntilAsync(() => paused.Errors.Contains("Paused: The output", StringComparison.Ordinal));
            Mode(folder["results"], 0b111_111_111);
            await paused.UntilAsync(() => paused.HasEnded || paused.Errors.Contains("the run goes on", StringComparison.Ordinal));
            (await StatusAsync(nobody, folder["state"])).ShouldNotContain("paused");
            (await paused.EndAsync()).ShouldExit(0).Errors.ShouldContain("The output can be written again; the run goes on.");
        }

        results.ShouldBeInOrder(DemoRun.Documents);
    }

    private static async Task<string> StatusAsync(string[] account, string state)
    {
        using var status = WorkerProcess.StartThrough("setpriv", account, state, "status", "demo");
        return (await status.EndAsync()).ShouldExit(0).Output;
    }

    private static void Mode(string folder, int mode)
    {
        File.SetUnixFileMode(folder, (UnixFileMode)mode);
        foreach (var inner in Directory.GetDirectories(folder, "*", SearchOption.AllDirectories)) File.SetUnixFileMode(inner, (UnixFileMode)mode);
    }
}
