using BatchInference.Models.Batching;
using BatchInference.Pipeline.Results;
using BatchInference.Testing;

namespace BatchInference.Pipeline.Tests;

public sealed class InferenceFailureTests : IDisposable
{
    private readonly Archive archive = new();

    public void Dispose() => archive.Dispose();

    [Theory]
    [InlineData("POISON")]
    [InlineData("SWALLOW")]
    public async Task WhenABatchFailsOnlyTheGuiltyDocumentFails(string trouble)
    {
        Letters(9);
        archive["letter-4"] = $"A letter with {trouble} in it.";
        var report = await archive.RunAsync();

        report.End.ShouldBe(RunEnd.Complete);
        report.Counts.Completed.ShouldBe(8);
        report.Counts.Failed.ShouldBe(1);
        var row = archive.Rows.Single(row => row.Status == RowStatus.Failed);
        row.Document.ShouldBe("letter-4");
        row.Error!.Stage.ShouldBe("infer");
        row.Error.Permanent.ShouldBeTrue();
        row.TokensRead.ShouldBe(0);
    }

    [Fact]
    public async Task OneGuiltyWindowFailsALongDocumentOnce()
    {
        Letters(3);
        archive["long"] = string.Join(' ', Enumerable.Repeat("many words of a long report", 40)) + " POISON " + string.Join(' ', Enumerable.Repeat("and more of them", 40));
        var report = await archive.RunAsync();
        report.Counts.Completed.ShouldBe(3);
        report.Counts.Failed.ShouldBe(1);
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
    }

    [Fact]
    public async Task LackOfMemoryIsTemporary()
    {
        Letters(3);
        archive["huge"] = "STARVE the model with this.";
        var report = await archive.RunAsync();
        report.End.ShouldBe(RunEnd.Complete);
        report.Counts.Temporary.ShouldBe(1);
        report.Counts.Completed.ShouldBe(3);
        archive.RowsPerDocument.ShouldNotContain("huge");
    }

    [Fact]
    public async Task ABrokenModelEndsTheRunAndBlamesNoDocument()
    {
        Letters(60);
        archive.Pass.Broken = true;
        var report = await archive.RunAsync();
        report.End.ShouldBe(RunEnd.Failed);
        report.Reason!.ShouldStartWith("The model scripted/test failed for 20 documents in a row, so it is not the documents: The model choked.");
        report.Counts.Done.ShouldBe(0);
        archive.Rows.ShouldBeEmpty();
        archive.Sink.Text($"{report.Folder}/manifest.json").ShouldContain("\"complete\": false");

        archive.Pass.Broken = false;
        (await archive.RunAsync()).Counts.Completed.ShouldBe(60);
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
    }

    [Fact]
    public async Task AModelThatBreaksInTheMiddleKeepsWhatItSaidBefore()
    {
        Letters(60);
        archive.Pass.Before = _ => archive.Pass.Broken = archive.Pass.Rows > 20;
        var report = await archive.RunAsync();
        report.End.ShouldBe(RunEnd.Failed);
        report.Counts.Failed.ShouldBe(0);
        archive.Pass = new ScriptedPass();
        await archive.RunAsync();
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
    }

    [Fact]
    public async Task AFewPoisonousDocumentsAloneAreNotHeldAgainstThemUntilTheModelHasAnsweredOne()
    {
        archive["only"] = "POISON";
        var report = await archive.RunAsync();
        report.End.ShouldBe(RunEnd.Complete);
        report.Counts.Temporary.ShouldBe(1);
        Letters(1);
        (await archive.RunAsync()).Counts.Failed.ShouldBe(1);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task AModelOtherThanPlannedEndsTheRun()
    {
        Letters(1);
        var report = await archive.RunAsync(plan => plan with { Passes = [plan.Passes[0] with { Fingerprint = "other" }] });
        report.End.ShouldBe(RunEnd.Failed);
        report.Reason!.ShouldContain("is not the one this run was planned with");
    }

    [Fact]
    public async Task ATaskThatHadNoTimeIsTriedAgain()
    {
        archive["busy"] = "BUSY letter.";
        (await archive.RunAsync()).Counts.Temporary.ShouldBe(1);
        archive.Rows.ShouldBeEmpty();
    }

    [Fact]
    public async Task BatchesKeepTheBudget()
    {
        Letters(50);
        var batches = new List<TokenBatch>();
        archive.Pass.Before = batches.Add;
        await archive.RunAsync();
        batches.ShouldAllBe(batch => archive.Pass.Budget.Fits(batch.Rows.Count, batch.Length));
        batches.Sum(batch => batch.Rows.Count).ShouldBe(archive.Pass.Rows);
    }

    private void Letters(int count)
    {
        for (var number = 0; number < count; number++)
            archive[$"letter-{number}"] = $"Letter number {number} to the mayor. It asks for a bench in the park. Signed by {number} people.";
    }
}
