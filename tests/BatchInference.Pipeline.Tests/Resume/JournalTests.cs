using System.Collections.Concurrent;
using System.Globalization;
using BatchInference.Pipeline.Results;
using BatchInference.Testing;

namespace BatchInference.Pipeline.Tests;

/// <summary>What was computed before a process died is not computed again.</summary>
public sealed class JournalTests : IDisposable
{
    private readonly Archive archive = new();
    private readonly ConcurrentDictionary<string, int> inferred = new(StringComparer.Ordinal);

    public void Dispose() => archive.Dispose();

    [Fact]
    public async Task WhatStandsInTheJournalIsPublishedAndNotInferredAgain()
    {
        var computed = await DieWithJournalAsync();
        var report = await archive.RunAsync(BigShards);

        report.End.ShouldBe(RunEnd.Complete);
        report.Warnings.ShouldContain(warning => warning.Contains($"{computed.Count} rows that it had computed and not published were published"));
        report.Counts.Skipped.ShouldBe(computed.Count);
        inferred.Where(one => computed.Contains(one.Key)).ShouldAllBe(one => one.Value == 1);
        Whole();
    }

    [Fact]
    public async Task APartMadeFromAJournalIsTheOneThatWouldHaveBeenPublished()
    {
        archive["locked"] = "LOCKED";
        await DieWithJournalAsync();
        var rows = await archive.JournalsAsync();
        await archive.RunAsync(BigShards);
        var part = await archive.Ledger.PartsAsync(Some.Scope, default).FirstAsync();
        var published = archive.RowsOf(PartNames.Of(PartNames.Jsonl, part));
        published.Select(row => row.Document).ShouldBe(rows.Select(row => row.Document).Order(StringComparer.Ordinal));
        published.Select(row => row.ProcessedAt).Distinct().ShouldBe(rows.Select(row => row.ProcessedAt).Distinct());
        archive.Sink.Names.ShouldContain(PartNames.Of(PartNames.Parquet, part));
        (await archive.Ledger.FailuresAsync(Some.Scope, default).Select(failed => failed.Path).ToListAsync()).ShouldBe(["locked"]);
    }

    [Theory]
    [InlineData("torn")]
    [InlineData("zeros")]
    [InlineData("altered")]
    public async Task OfADamagedJournalTheWholeLinesBeforeTheDamageCount(string damage)
    {
        var computed = await DieWithJournalAsync();
        var file = archive.Journals.Left().Single().Path;
        var bytes = await File.ReadAllBytesAsync(file);
        var last = bytes.AsSpan(0, bytes.Length - 1).LastIndexOf((byte)'\n') + 1;
        switch (damage)
        {
            case "torn":
                await File.WriteAllBytesAsync(file, bytes[..^20]);
                break;
            case "zeros":
                await File.WriteAllBytesAsync(file, [.. bytes[..last], .. new byte[4096]]);
                break;
            default:
                bytes[last + 40] ^= 1;
                await File.WriteAllBytesAsync(file, bytes);
                break;
        }

        var report = await archive.RunAsync(BigShards);
        report.Counts.Skipped.ShouldBe(computed.Count - 1);
        Whole();
    }

    [Fact]
    public async Task AJournalOfNothingButZerosIsNothing()
    {
        await DieWithJournalAsync();
        await File.WriteAllBytesAsync(archive.Journals.Left().Single().Path, new byte[4096]);
        (await archive.RunAsync(BigShards)).Counts.Skipped.ShouldBe(0);
        Whole();
    }

    [Fact]
    public async Task APartThatWasThereFirstIsTheValidOne()
    {
        Letters();
        // Dies when the part is whole and not in the books, and the journal lies there too.
        await archive.DieAsync(name => name.EndsWith("00000.parquet", StringComparison.Ordinal), plan => BigShards(plan) with { Limit = 20, ShardDocuments = 20 });
        archive.Journals.Left().ShouldNotBeEmpty();
        var report = await archive.RunAsync(BigShards);
        report.Warnings.ShouldContain(warning => warning.Contains("1 of its parts that had no record were taken over"));
        Whole();
    }

    [Fact]
    public async Task APartThatIsNotWholeIsMadeAgainFromTheJournal()
    {
        Letters();
        await archive.DieAsync(name => name.EndsWith("00000.parquet", StringComparison.Ordinal), plan => BigShards(plan) with { Limit = 20, ShardDocuments = 20 });
        var part = archive.Sink.Names.Single(name => name.EndsWith("00000.jsonl", StringComparison.Ordinal));
        archive.Sink.Put(part, archive.Sink.Text(part)[..^10]);
        (await archive.RunAsync(BigShards)).Counts.Skipped.ShouldBe(20);
        archive.Sink.Names.ShouldContain(part);
        Whole();
    }

    [Fact]
    public async Task JournalsOfRunsThatTheBooksDoNotKnowAsOpenAreRemoved()
    {
        await DieWithJournalAsync();
        var foreign = archive.Journals.FileOf(RunId.Parse("20200101T000000Z-0000"), 7);
        File.Copy(archive.Journals.Left().Single().Path, foreign);
        await archive.RunAsync(BigShards);
        archive.Journals.Left().ShouldBeEmpty();
        archive.Sink.Names.ShouldNotContain(name => name.Contains("20200101", StringComparison.Ordinal));
        Whole();
    }

    [Fact]
    public async Task ARowOfAnotherRunInAJournalIsNotBelieved()
    {
        await DieWithJournalAsync();
        var journal = archive.Journals.Left().Single();
        // As if a file had been renamed by hand.
        var text = await File.ReadAllTextAsync(journal.Path);
        await archive.RunAsync(BigShards);
        HardStop();
        await DieWithJournalAsync(Again);
        await File.WriteAllTextAsync(archive.Journals.Left().Single().Path, text);
        (await archive.RunAsync(BigShards)).Warnings.ShouldAllBe(warning => !warning.Contains("published were published"));
    }

    [Fact]
    public async Task AContainerOfSeveralPartsIsGoneOnWithBehindThePartsInTheBooks()
    {
        archive["box.zip"] = ArchiveBox.Of([.. Enumerable.Range(0, 60).Select(number => ($"{number:00}.txt", $"Page {Mark(number)} of the minutes. They are long."))]);
        CountInferred();
        // Every eight rows make a part; dies while the third part is on its way.
        var parts = 0;
        await archive.DieAsync(name => name.EndsWith(".jsonl", StringComparison.Ordinal) && parts++ == 2, plan => plan with { ShardDocuments = 4 });
        var journal = archive.Journals.Left().Single();
        journal.Part.ShouldBe(PartNames.Number(0, 2));
        var rows = await journal.ReadAsync(default);
        rows.ShouldNotBeEmpty();
        await archive.RunAsync(plan => plan with { ShardDocuments = 4 });
        archive.RowsPerDocument.ShouldBe(Enumerable.Range(0, 60).Select(number => $"box.zip!/{number:00}.txt"));
        inferred.Where(one => rows.Any(row => KeyOf(row.Document["box.zip!/".Length..^4]) == one.Key)).ShouldAllBe(one => one.Value == 1);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task AFullDiskForTheJournalCostsTheJournalAndNotTheRun()
    {
        Letters();
        Directory.CreateDirectory(Path.GetDirectoryName(archive.Journals.FileOf(Some.Plan().Run, 0))!);
        for (var part = 0; part < 8; part++)
            File.CreateSymbolicLink(archive.Journals.FileOf(Some.Plan().Run, part), "/dev/full");
        (await archive.RunAsync()).End.ShouldBe(RunEnd.Complete);
        Whole();
    }

    [Fact]
    public async Task AFolderThatCannotBeMadeForTheJournalIsToldOnceAndTheRunGoesOn()
    {
        Letters();
        await File.WriteAllTextAsync(Path.Combine(archive.State, "journals"), "in the way");
        var log = new ListLogger();
        archive.Logger = log;
        (await archive.RunAsync()).End.ShouldBe(RunEnd.Complete);
        log.Messages.Count(message => message.StartsWith("Run 20261123T190000Z-4f2a keeps no journal any more", StringComparison.Ordinal)).ShouldBe(1);
        Whole();
    }

    [Fact]
    public async Task ARunThatEndsLeavesNoJournal()
    {
        Letters();
        await archive.RunAsync();
        archive.Journals.Left().ShouldBeEmpty();
    }

    // Gives the documents that the journal holds, by what their text says.
    private async Task<IReadOnlySet<string>> DieWithJournalAsync(Func<RunPlan, RunPlan>? change = null)
    {
        Letters();
        inferred.Clear();
        CountInferred();
        var count = archive.Pass.Before;
        archive.Pass.Before = batch =>
        {
            if (inferred.Count > 12)
            {
                // Some must have come to the writer, which is quick, before the plug is pulled.
                SpinWait.SpinUntil(() => archive.Journals.Left() is [var journal, ..] && new FileInfo(journal.Path).Length > 2000, TimeSpan.FromMinutes(1));
                archive.HardStop.Cancel();
                archive.HardStop.Token.ThrowIfCancellationRequested();
            }

            count(batch);
        };
        await Should.ThrowAsync<OperationCanceledException>(() => archive.RunAsync(plan => (change ?? (same => same))(BigShards(plan))));
        HardStop();
        archive.Pass.Before = count;
        var rows = await archive.JournalsAsync();
        rows.Count.ShouldBeGreaterThan(1);
        return rows.Where(row => row.Document != "locked").Select(row => KeyOf(row.Document["letter-".Length..])).Concat(rows.Where(row => row.Document == "locked").Select(_ => "locked")).ToHashSet(StringComparer.Ordinal);
    }

    private void HardStop() => archive.HardStop = new CancellationTokenSource();

    // One shard for all: of two, both may have a journal.
    private RunPlan BigShards(RunPlan plan) => plan with { ShardDocuments = archive.Documents.Count, Formats = new OutputFormats { Parquet = true } };

    private static RunPlan Again(RunPlan plan) => plan with { Again = true };

    // A document is known in a batch by its second word, a sign of its own: the scripted pass makes a word's token of the sum of its signs.
    private static char Mark(int number) => (char)('Ā' + number);

    private void CountInferred() => archive.Pass.Before = batch =>
    {
        foreach (var row in batch.Rows.Where(row => row.Index == 0))
            inferred.AddOrUpdate(row.Ids.ElementAtOrDefault(1).ToString(CultureInfo.InvariantCulture), 1, (_, times) => times + 1);
    };

    private string KeyOf(string number) => archive.Pass.Split($"Letter {Mark(int.Parse(number, CultureInfo.InvariantCulture))}", null).Chunks[0].Ids[1].ToString(CultureInfo.InvariantCulture);

    private void Letters()
    {
        for (var number = 0; number < 40; number++)
            archive[$"letter-{number:00}"] = $"Letter {Mark(number)} to the mayor. It asks for a bench.";
    }

    private void Whole()
    {
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
        archive.Runs().ShouldAllBe(run => archive.Sink.Names.Contains($"_runs/{run}/_SUCCESS"));
        archive.Journals.Left().ShouldBeEmpty();
    }
}
