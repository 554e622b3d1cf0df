using System.Runtime.InteropServices;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

public sealed class StopTests
{
    [Fact]
    public async Task ATerminatedRunEndsInGoodOrderAndTheNextGoesOn()
    {
        using var folder = new TempFolder();
        string[] arguments = ["run", "demo", "--output", folder["results"]];
        using (var worker = WorkerProcess.Start(folder["state"], arguments))
        {
            var results = new ResultFolder(folder["results"], "demo");
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
            while (results.Parts("jsonl").Count == 0)
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
            worker.Signal(PosixSignal.SIGTERM);
            (await worker.EndAsync()).ShouldExit(4);
            results.Manifests().ShouldHaveSingleItem()["complete"]!.GetValue<bool>().ShouldBeFalse();
            ((int)results.Manifests().Single()["remaining"]!).ShouldBeGreaterThan(0);
            results.Manifests().Single().ToJsonString().ShouldContain("The run was asked to stop: it was stopped by a signal.");
        }

        (await WorkerProcess.RunAsync(folder["state"], arguments)).ShouldExit(0);
        new ResultFolder(folder["results"], "demo").ShouldBeInOrder(DemoRun.Documents);
    }

    [Fact]
    public async Task WhileOneProcessRunsAJobAnotherIsRefusedByTheHoldersName()
    {
        using var folder = new TempFolder();
        string[] arguments = ["run", "demo", "--output", folder["results"]];
        using var first = WorkerProcess.Start(folder["state"], arguments);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        while (!Directory.Exists(folder["results"]))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        var second = await WorkerProcess.RunAsync(folder["state"], arguments);
        second.ShouldExit(2);
        second.Errors.ShouldContain($"{first.Id}");
    }
}
