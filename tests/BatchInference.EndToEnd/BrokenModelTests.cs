using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>Model folders with every defect that we know, given to the published program.</summary>
public sealed class BrokenModelTests
{
    [Fact]
    public async Task EveryBrokenFolderIsRefusedAtTheDoorWithItsReason()
    {
        using var folder = new TempFolder();
        await Parallel.ForEachAsync(BrokenModel.All.Index(), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (entry, _) =>
        {
            var (index, broken) = entry;
            var add = await WorkerProcess.RunAsync(folder["state"], "models", "add", broken.Make(folder[$"source-{index}"]), "--name", "new");
            add.ShouldExit(2);
            add.Output.ShouldBeEmpty(broken.Defect);
            add.Errors.ShouldContain(broken.Message, Case.Sensitive, broken.Defect);
            add.Errors.ShouldNotContain("   at ", Case.Sensitive, broken.Defect);
        });
        (await WorkerProcess.RunAsync(folder["state"], "models", "list")).ShouldExit(0).Output.ShouldNotContain("new ");
    }

    [Fact]
    public async Task AFileThatChangedOnTheShelfStopsEveryVerbThatWouldUseTheModel()
    {
        using var folder = new TempFolder();
        (await WorkerProcess.RunAsync(folder["state"], "models", "add", Path.Combine(ModelShelf.Fixtures, "bert"))).ShouldExit(0);
        File.AppendAllText(folder["state/models/bert/vocab.txt"], "x\n");
        (await WorkerProcess.RunAsync(folder["state"], "models", "verify", "bert")).ShouldExit(2).Errors.ShouldContain("vocab.txt: expected SHA-256");
        (await WorkerProcess.AskAsync(folder["state"], "\"Bonjour.\"\n", "models", "try", "bert")).ShouldExit(2).Errors.ShouldContain("vocab.txt: expected SHA-256");
        (await WorkerProcess.RunAsync(folder["state"], "models", "list")).ShouldExit(0).Output.ShouldContain("NOT SOUND");
        (await WorkerProcess.RunAsync(folder["state"], "models", "verify", "absent")).ShouldExit(2).Errors.ShouldContain("`absent`");
        (await WorkerProcess.RunAsync(folder["state"], "models", "add", folder["nowhere"])).ShouldExit(2).Errors.ShouldContain("expected the folder of a model");
    }
}
