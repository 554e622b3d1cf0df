using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>Kill -9 in the middle; the next start puts everything right.</summary>
public sealed class PowerCutTests(ITestOutputHelper log)
{
    [Fact]
    public async Task TwentyPowerCutsLoseNothingAndDoubleNothing()
    {
        using var folder = new TempFolder();
        var seed = Random.Shared.Next();
        log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string[] arguments = ["run", "demo", "--output", folder["results"]];
        for (var cut = 0; cut < 20; cut++)
        {
            using var worker = WorkerProcess.Start(folder["state"], arguments);
            // The moment is the point of this test: anywhere between start and the end of some shards.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 6000)), TimeProvider.System);
            worker.Kill();
            await worker.EndAsync();
        }

        (await WorkerProcess.RunAsync(folder["state"], arguments)).ShouldExit(0);
        var results = new ResultFolder(folder["results"], "demo");
        results.ShouldBeInOrder(DemoRun.Documents);
        results.ShouldHoldNoTemporaryFile();
        (await WorkerProcess.RunAsync(folder["state"], arguments)).ShouldExit(0).Output.ShouldContain("othing to do");
    }
}
