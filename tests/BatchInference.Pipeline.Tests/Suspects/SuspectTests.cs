using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Resume;
using BatchInference.Pipeline.Suspects;
using BatchInference.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace BatchInference.Pipeline.Tests;

/// <summary>What a run makes of documents that were in hand when the worker died.</summary>
public sealed class SuspectTests : IDisposable
{
    private readonly Archive archive = new();

    public void Dispose() => archive.Dispose();

    [Fact]
    public async Task SuspectsAreDoneLastAndOneByOne()
    {
        Letters(30);
        await FellAsync(alone: false, "letter-03", "letter-11", "letter-20");
        var report = await archive.RunAsync();
        report.End.ShouldBe(RunEnd.Complete);
        report.Counts.ShouldBe(new RunCounts { Listed = 30, Completed = 30, Members = 0, Tokens = report.Counts.Tokens });
        report.Remaining.ShouldBe(0);
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
        var parts = archive.Sink.Names.Where(name => name.StartsWith("jsonl/", StringComparison.Ordinal)).Select(name => archive.RowsOf(name).Select(row => row.Document).ToArray()).ToArray();
        parts[^3..].Select(part => part.Single()).Order(StringComparer.Ordinal).ShouldBe(["letter-03", "letter-11", "letter-20"]);
        (await archive.Ledger.SuspectsAsync(Some.Scope, default)).ShouldBeEmpty();
        (await archive.Ledger.FailuresAsync(Some.Scope, default).CountAsync()).ShouldBe(0);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task ASuspectIsAloneInHandWhenItIsInferred()
    {
        Letters(30);
        await FellAsync(alone: false, "letter-03", "letter-11");
        var falls = new List<Fall>();
        archive.Pass.Before = _ =>
        {
            if (InHand.Read(Written()) is { } fall)
                falls.Add(fall);
        };
        await archive.RunAsync();
        falls.Where(fall => fall.IsAlone).Select(fall => fall.Documents.Single().Path).Distinct().ShouldBe(["letter-03", "letter-11"], ignoreOrder: true);
        falls.SelectMany(fall => fall.Documents).Select(one => one.Path).Distinct().Order(StringComparer.Ordinal).ShouldBe(archive.Documents.Keys);
        falls.Where(fall => !fall.IsAlone).ShouldAllBe(fall => fall.Documents.All(one => one.Path != "letter-03" && one.Path != "letter-11"));
        Written()[0].ShouldBe((byte)0, "the end of a run leaves nothing in hand");
    }

    [Fact]
    public async Task OneThatFellAloneComesBehindThoseThatDidNot()
    {
        Letters(3);
        await FellAsync(alone: true, "letter-00");
        await FellAsync(alone: false, "letter-01", "letter-02");
        await archive.RunAsync();
        archive.Sink.Names.Where(name => name.StartsWith("jsonl/", StringComparison.Ordinal)).Select(name => archive.RowsOf(name).Single().Document).Last().ShouldBe("letter-00");
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
    }

    [Fact]
    public async Task FallsInCompanyNeverSetAnyoneAside()
    {
        Letters(5);
        for (var fall = 0; fall < 10; fall++)
            await FellAsync(alone: false, "letter-01");
        (await archive.RunAsync()).Counts.Completed.ShouldBe(5);
    }

    [Fact]
    public async Task WhatFellTwiceAloneIsSetAsideWithItsRowAndNotReadIntoTheModel()
    {
        Letters(5);
        await FellAsync(alone: true, "letter-01");
        await FellAsync(alone: true, "letter-01");
        var report = await archive.RunAsync();
        report.End.ShouldBe(RunEnd.Complete);
        report.Counts.Failed.ShouldBe(1);
        archive.Rows.Single(row => row.Status == RowStatus.Failed).Error!.Reason.ShouldStartWith("This document brought the worker down 2 times while it was the only one in hand.");
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
        (await archive.Ledger.RetryAsync(Some.Scope, default)).ShouldBe(1);
        (await archive.RunAsync()).Counts.Completed.ShouldBe(1);
    }

    [Fact]
    public async Task ANewVersionIsNotSuspected()
    {
        Letters(5);
        await FellAsync(alone: true, "letter-01");
        await FellAsync(alone: true, "letter-01");
        archive["letter-01"] = "It was written anew, and is quite another letter.";
        (await archive.RunAsync()).Counts.Completed.ShouldBe(5);
    }

    [Fact]
    public async Task MembersOfAContainerAreDoneAloneAndTheContainerStandsAfterThem()
    {
        archive["box.zip"] = ArchiveBox.Of([.. Enumerable.Range(0, 12).Select(number => ($"{number:00}", $"Page {number} of the minutes. They are long."))]);
        await FellAsync(alone: false, "box.zip!/04", "box.zip!/07");
        var report = await archive.RunAsync();
        report.Counts.Completed.ShouldBe(12);
        report.End.ShouldBe(RunEnd.Complete);
        archive.RowsPerDocument.ShouldBe(Enumerable.Range(0, 12).Select(number => $"box.zip!/{number:00}"));
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task ATemporaryFailureAndASuspectInOneContainerBothComeHome()
    {
        archive["box.zip"] = ArchiveBox.Of(("a", "The first page. It is short."), ("b", "The second page. It is long."), ("c", "STARVE now."));
        await FellAsync(alone: false, "box.zip!/b");
        var report = await archive.RunAsync();
        report.Counts.ShouldBe(new RunCounts { Listed = 1, Completed = 2, Temporary = 1, Members = 2, Tokens = report.Counts.Tokens });
        report.Remaining.ShouldBe(1);
        archive["box.zip"] = ArchiveBox.Of(("a", "The first page. It is short."), ("b", "The second page. It is long."), ("c", "Fed now."));
        report = await archive.RunAsync();
        report.Counts.Completed.ShouldBe(1);
        report.Remaining.ShouldBe(0);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task AStopBeforeTheirTurnLeavesSuspectsToTheNextRun()
    {
        Letters(10);
        await FellAsync(alone: false, "letter-02");
        archive.Sink.Before = name =>
        {
            if (name.StartsWith("jsonl/", StringComparison.Ordinal))
                archive.SoftStop.Cancel();
        };
        await archive.RunAsync();
        archive.RowsPerDocument.ShouldNotContain("letter-02");
        archive.Sink.Before = _ => { };
        archive.SoftStop = new CancellationTokenSource();
        (await archive.RunAsync()).End.ShouldBe(RunEnd.Complete);
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
    }

    [Fact]
    public async Task WhatADeadProcessHadInHandIsSuspectedOnceAndForgotten()
    {
        Letters(3);
        await archive.RunAsync(plan => plan with { Limit = 1 });
        File.WriteAllBytes(InHandFile, Line("""{"Run":"20261123T190000Z-4f2a","Job":"letters","Output":"memory:/results/letters","Alone":true,"Documents":[{"Path":"letter-01","Version":"59-0"}]}"""));
        using (var opened = Open())
        {
            opened.Falls.Single().IsAlone.ShouldBeTrue();
            // Its owner lives: nobody else takes what it says for that of a dead one.
            using var other = Open();
            other.Falls.ShouldBeEmpty();
        }

        // Not begun, so nothing was forgotten.
        using (var again = Open())
            again.Falls.Count.ShouldBe(1);
        await archive.RunAsync(plan => plan with { Limit = 1 });
        using (var after = Open())
            after.Falls.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("0123456789abcdef {\"Run\":\"x\"}\n")]
    public void AFileThatIsNoWholeLineSaysNothing(string text) => InHand.Read(System.Text.Encoding.UTF8.GetBytes(text)).ShouldBeNull();

    private string InHandFile => Path.Combine(Journals.FolderOf(archive.State, "letters"), "in-hand-0");

    private static byte[] Line(string json)
    {
        var line = new System.Buffers.ArrayBufferWriter<byte>();
        HashedLine.Write(line, System.Text.Encoding.UTF8.GetBytes(json));
        return line.WrittenSpan.ToArray();
    }

    // Read past the lock, as a start does when the process is dead.
    private byte[] Written()
    {
        if (!File.Exists(InHandFile) || new FileInfo(InHandFile).Length == 0)
            return [0];
        var copy = Path.Combine(archive.State, "copy");
        using (var process = System.Diagnostics.Process.Start("cp", [InHandFile, copy]))
            process.WaitForExit();
        return File.ReadAllBytes(copy) is { Length: > 0 } bytes ? bytes : [0];
    }

    private InHand Open() => InHand.Open(Path.GetDirectoryName(InHandFile)!, Some.Plan(7).Run, Some.Scope, NullLogger.Instance);

    private int fallen;

    private async Task FellAsync(bool alone, params string[] documents)
    {
        var run = Some.Run(400 + fallen++);
        await archive.Ledger.BeginAsync(run, default);
        await archive.Ledger.EndAsync(run.Run, new RunEnding(Some.Evening, RunEnd.Stopped, null, new RunCounts(), null, false), default);
        await archive.Ledger.SuspectAsync(new Fall(run.Run, Some.Scope, [.. documents.Select(path => new FallenDocument(path, archive.Documents[path.Split('!')[0]].Version))], alone), default);
    }

    private void Letters(int count)
    {
        for (var number = 0; number < count; number++)
            archive[$"letter-{number:00}"] = $"Letter {number} to the mayor. It asks for a bench in the park.";
    }
}
