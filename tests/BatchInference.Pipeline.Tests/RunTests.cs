using BatchInference.Documents.Extraction;
using System.Text.Json;
using System.Text.Json.Nodes;
using BatchInference.Documents;
using BatchInference.Pipeline.Results;
using BatchInference.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace BatchInference.Pipeline.Tests;

public sealed class RunTests : IDisposable
{
    private readonly Archive archive = new();

    public void Dispose() => archive.Dispose();

    [Fact]
    public async Task TokensOfARunAreThoseOfItsRows()
    {
        archive["a"] = "A letter to the mayor. It asks for a bench in the park, and for a tree beside it.";
        archive["b"] = "BUSY letter. It is read and has no answer this time, however often it is asked.";
        var report = await archive.RunAsync();
        report.Counts.Tokens.ShouldBe(archive.Rows.Sum(row => row.TokensRead ?? 0));
        archive.Progress.Snapshot().Tokens.ShouldBeGreaterThan(report.Counts.Tokens);
    }

    [Fact]
    public async Task ASourceThatIsSuddenlyEmptyIsTold()
    {
        (await archive.RunAsync()).Warnings.ShouldBeEmpty();
        archive["a"] = "A letter to the mayor. It asks for a bench in the park.";
        await archive.RunAsync();
        var last = await archive.RunAsync();
        last.Warnings.ShouldBeEmpty();
        archive.Documents.Remove("a");
        (await archive.RunAsync()).Warnings.ShouldHaveSingleItem().ShouldEndWith($" holds no document for this job; run {last.Run} found 1. Is it mounted, and do the patterns of the job still fit?");
    }

    [Fact]
    public async Task WhatANightLeftComesFirstInTheNext()
    {
        for (var number = 0; number < 40; number++)
            archive[$"m{number:00}"] = $"Letter {number} of some words. And a second sentence.";
        archive.Pass.Before = _ => archive.SoftStop.Cancel();
        (await archive.RunAsync()).End.ShouldBe(RunEnd.Stopped);
        var first = archive.RowsPerDocument;
        first.Count.ShouldBeInRange(1, 39);
        archive.SoftStop = new CancellationTokenSource();
        archive.Pass.Before = _ => { };
        // What has arrived since stands before all of them in the list.
        for (var number = 0; number < 8; number++)
            archive[$"a{number:00}"] = $"Letter {number} that came later. And a second sentence.";
        var report = await archive.RunAsync();
        report.End.ShouldBe(RunEnd.Complete);
        (report.Counts.Listed, report.Counts.Completed + first.Count).ShouldBe((48, 48));
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
        var second = archive.Sink.Names.Where(name => name.StartsWith("jsonl/", StringComparison.Ordinal) && archive.RowsOf(name)[0].Run == report.Run.ToString()).ToArray();
        archive.RowsOf(second[0]).ShouldAllBe(row => row.Document.StartsWith('m'));
        archive.RowsOf(second[^1]).ShouldContain(row => row.Document.StartsWith('a'));
    }

    [Fact]
    public async Task EveryDocumentGetsItsRowAndTheRunItsFolder()
    {
        Letters(10);
        var report = await archive.RunAsync();

        report.End.ShouldBe(RunEnd.Complete);
        report.Counts.ShouldBe(new RunCounts { Listed = 10, Completed = 10, Members = 0, Tokens = report.Counts.Tokens });
        report.Remaining.ShouldBe(0);
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
        archive.Sink.Names.ShouldBe(
        [
            "_runs/20261123T190000Z-4f2a/_SUCCESS", "_runs/20261123T190000Z-4f2a/datapackage.json", "_runs/20261123T190000Z-4f2a/errors.jsonl", "_runs/20261123T190000Z-4f2a/manifest.json",
            "jsonl/run_date=2026-11-23/part-20261123T190000Z-4f2a-00000.jsonl", "jsonl/run_date=2026-11-23/part-20261123T190000Z-4f2a-00001.jsonl", "jsonl/run_date=2026-11-23/part-20261123T190000Z-4f2a-00002.jsonl",
        ]);
        var manifest = Json($"{report.Folder}/manifest.json");
        manifest.GetProperty("complete").GetBoolean().ShouldBeTrue();
        manifest.GetProperty("parts").EnumerateArray().Sum(part => part.GetProperty("rows").GetInt32()).ShouldBe(10);
    }

    [Fact]
    public async Task ASecondRunHasNothingToDoAndNeitherLoadsModelsNorWritesAnything()
    {
        Letters(10);
        await archive.RunAsync();
        var names = archive.Sink.Names;
        var report = await archive.RunAsync();

        report.NothingToDo.ShouldBeTrue();
        report.Folder.ShouldBeNull();
        report.Counts.Skipped.ShouldBe(10);
        archive.Loads.ShouldBe(1);
        archive.Sink.Names.ShouldBe(names);
    }

    [Fact]
    public async Task AChangedDocumentIsDoneAgainAndATouchedOneOnlyNoted()
    {
        Letters(3);
        await archive.RunAsync();
        archive["letter-0"] = "Another text altogether. It came later.";
        archive.Touch("letter-1");
        var report = await archive.RunAsync();

        report.Counts.Completed.ShouldBe(1);
        report.Counts.Unchanged.ShouldBe(1);
        report.Counts.Skipped.ShouldBe(1);
        archive.RowsPerDocument.ShouldBe(["letter-0", "letter-0", "letter-1", "letter-2"]);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task AnotherModelOutputOrWishDoesTheWorkAgain()
    {
        Letters(2);
        await archive.RunAsync();
        archive.Pass = new ScriptedPass("scripted-2");
        (await archive.RunAsync()).Counts.Completed.ShouldBe(2);
        (await archive.RunAsync(plan => plan with { Again = true })).Counts.Completed.ShouldBe(2);
        archive.Sink = new MemorySink("memory:/elsewhere/letters");
        (await archive.RunAsync()).Counts.Completed.ShouldBe(2);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task APermanentFailureHasARowAndALineAndIsNotTriedAgainUntilWhatExtractsItChanges()
    {
        Letters(1);
        archive["secret"] = "LOCKED";
        var report = await archive.RunAsync();

        report.End.ShouldBe(RunEnd.Complete);
        var row = archive.Rows.Single(row => row.Document == "secret");
        row.Status.ShouldBe(RowStatus.Failed);
        row.Error.ShouldBe(new DocumentFailure("extract", "The document is encrypted and no password is configured.", true));
        archive.Sink.Text($"{report.Folder}/errors.jsonl").ShouldContain("\"document\":\"secret\"");
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
        archive.Extractor.Grown = 2;
        (await archive.RunAsync()).Counts.Failed.ShouldBe(1);
        (await archive.Ledger.RetryAsync(Some.Scope, default)).ShouldBe(1);
        (await archive.RunAsync()).Counts.Failed.ShouldBe(1);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task ATemporaryFailureIsTriedAgainTheSameNight()
    {
        Letters(5);
        var refused = 1;
        archive.Opening = path =>
        {
            if (path == "letter-3" && refused-- > 0)
                throw new DocumentException("The file may not be read by this account.", permanent: false);
        };
        var report = await archive.RunAsync();

        report.End.ShouldBe(RunEnd.Complete);
        report.Counts.Completed.ShouldBe(5);
        report.Counts.Temporary.ShouldBe(0);
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
        archive.Sink.Text($"{report.Folder}/errors.jsonl").ShouldBeEmpty();
    }

    [Fact]
    public async Task ATemporaryFailureThatStaysHasALineAndNoRowAndIsTriedTheNextNight()
    {
        Letters(5);
        archive.Opening = path =>
        {
            if (path == "letter-3")
                throw new DocumentException("The file may not be read by this account.", permanent: false);
        };
        var report = await archive.RunAsync();
        report.End.ShouldBe(RunEnd.Complete);
        report.Counts.Temporary.ShouldBe(1);
        report.Remaining.ShouldBe(1);
        archive.RowsPerDocument.ShouldNotContain("letter-3");
        var line = JsonDocument.Parse(archive.Sink.Text($"{report.Folder}/errors.jsonl")).RootElement;
        line.GetProperty("permanent").GetBoolean().ShouldBeFalse();
        line.GetProperty("stage").GetString().ShouldBe("open");

        archive.Opening = _ => { };
        (await archive.RunAsync()).Counts.Completed.ShouldBe(1);
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
        (await archive.Ledger.FailuresAsync(Some.Scope, default).CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task APartOfOnlyTemporaryFailuresIsNoPart()
    {
        Letters(3);
        archive.Opening = _ => throw new DocumentException("The share is away.", permanent: false);
        var report = await archive.RunAsync();
        report.Parts.ShouldBe(0);
        archive.Sink.Names.ShouldNotContain(name => name.StartsWith("jsonl/", StringComparison.Ordinal));
        archive.Sink.Names.ShouldContain($"{report.Folder}/_SUCCESS");
    }

    [Fact]
    public async Task ATaskWithoutAnswerMakesThePartialRowThatSaysWhy()
    {
        archive["quiet"] = "MUTE letter of some words.";
        archive["silent"] = "DUMB letter of some words.";
        var report = await archive.RunAsync();
        report.Counts.Partial.ShouldBe(1);
        report.Counts.Failed.ShouldBe(1);
        var quiet = archive.Rows.Single(row => row.Document == "quiet");
        quiet.Status.ShouldBe(RowStatus.Partial);
        quiet.Results.Single(result => result.Task == "summary").Error.ShouldBe("There is nothing to quote.");
        quiet.Results.Single(result => result.Task == "topic").Label.ShouldNotBeNull();
        archive.Rows.Single(row => row.Document == "silent").Error!.Reason.ShouldBe("There is nothing to label. There is nothing to quote.");
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task ALimitStopsAfterThatManyDocuments()
    {
        Letters(20);
        (await archive.RunAsync(plan => plan with { Limit = 7 })).Counts.Completed.ShouldBe(7);
        archive.Rows.Count.ShouldBe(7);
        (await archive.RunAsync()).Counts.Completed.ShouldBe(13);
        archive.RowsPerDocument.ShouldBe(archive.Documents.Keys);
    }

    [Theory]
    [InlineData(7, 20, false, 13L)]
    [InlineData(3, 20, false, null)]
    [InlineData(20, 20, true, 0L)]
    [InlineData(3, 3, true, 0L)]
    [InlineData(50, 20, true, 0L)]
    public async Task ALimitedRunIsCompleteOnlyWhereItLeftNothing(int limit, int documents, bool isComplete, long? remaining)
    {
        Letters(documents);
        var report = await archive.RunAsync(plan => plan with { Limit = limit });
        (report.End, report.LeavesOthers, report.Remaining).ShouldBe((RunEnd.Complete, !isComplete, remaining));
        var manifest = Json($"{report.Folder}/manifest.json");
        manifest.GetProperty("complete").GetBoolean().ShouldBe(isComplete);
        manifest.GetProperty("limit").GetInt64().ShouldBe(limit);
        (manifest.GetProperty("remaining") is { ValueKind: JsonValueKind.Number } told ? told.GetInt64() : (long?)null).ShouldBe(remaining);
        manifest.GetProperty("reason").GetString().ShouldBe(isComplete ? null : $"The run was asked for {limit} documents only.");
        (await archive.Ledger.RunsAsync("letters", 1, default))[0].Ending!.IsWhole.ShouldBe(isComplete);
    }

    [Fact]
    public async Task WhatDecidesAnswersIsKeptBeforeTheFirstOneAndOnlyByRunsThatGiveSome()
    {
        Letters(3);
        var name = "";
        archive.Pass.Before = _ => name = archive.Sink.Names.SingleOrDefault(one => one.EndsWith("labels/mine/labels.json", StringComparison.Ordinal)) ?? "";
        var report = await archive.RunAsync(Keeping);
        name.ShouldBe($"{report.Folder}/labels/mine/labels.json");
        archive.Sink.Text(name).ShouldBe("{}");
        var names = archive.Sink.Names;
        (await archive.RunAsync(Keeping)).NothingToDo.ShouldBeTrue();
        archive.Sink.Names.ShouldBe(names);
    }

    [Fact]
    public async Task ARunThatDiesWithNothingButWhatItKeptIsClosedByTheNext()
    {
        Letters(3);
        await archive.DieAsync(name => name.StartsWith("jsonl/", StringComparison.Ordinal), Keeping);
        var left = archive.Sink.Names.ShouldHaveSingleItem();
        archive.Journals.Left().ToList().ForEach(journal => journal.Remove(NullLogger.Instance));
        await archive.RunAsync(Keeping);
        archive.Sink.Names.ShouldContain(left.Replace("labels/mine/labels.json", "_SUCCESS", StringComparison.Ordinal));
        Json(left.Replace("labels/mine/labels.json", "manifest.json", StringComparison.Ordinal)).GetProperty("complete").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task TheManifestTellsOfModelsTasksAndEnvironmentAndNoDetailTakesThePlaceOfAnother()
    {
        Letters(1);
        var report = await archive.RunAsync(plan => plan with
        {
            Environment = new() { ["settings"] = new JsonObject { ["Limits"] = new JsonObject { ["Pages"] = 7 } } },
            Passes = [plan.Passes[0] with { Details = new() { ["fingerprint"] = "of the folder", ["variant"] = "q4" }, Tasks = [plan.Passes[0].Tasks[0] with { Scores = "A probability.", Details = new() { ["labelSet"] = new JsonObject { ["name"] = "mine" }, ["model"] = "other" } }, plan.Passes[0].Tasks[1]] }],
        });
        var manifest = Json($"{report.Folder}/manifest.json");
        var model = manifest.GetProperty("models")[0];
        (model.GetProperty("fingerprint").GetString(), model.GetProperty("variant").GetString()).ShouldBe((archive.Pass.Fingerprint, "q4"));
        var task = manifest.GetProperty("tasks").GetProperty("topic");
        (task.GetProperty("model").GetString(), task.GetProperty("scores").GetString(), task.GetProperty("labelSet").GetProperty("name").GetString()).ShouldBe(("scripted/test", "A probability.", "mine"));
        manifest.GetProperty("environment").GetProperty("settings").GetProperty("Limits").GetProperty("Pages").GetInt32().ShouldBe(7);
    }

    private static RunPlan Keeping(RunPlan plan) => plan with { Kept = [new KeptFile("labels/mine/labels.json", "{}"u8.ToArray())] };

    [Fact]
    public async Task AnswersStandInTheOrderOfTheJobNotOfTheModels()
    {
        Letters(1);
        await archive.RunAsync(plan => plan with { TaskOrder = ["summary", "topic"] });
        archive.Rows.Single().Results.Select(result => result.Task).ShouldBe(["summary", "topic"]);
    }

    [Fact]
    public async Task TextsAreKeptUnderTheirHashWhenAskedFor()
    {
        archive["one"] = "The same words.";
        archive["two"] = "The same words.";
        await archive.RunAsync(plan => plan with { Formats = new OutputFormats { Text = true } });
        var sha256 = archive.Rows[0].Sha256!;
        archive.Sink.Text($"text/{sha256[..2]}/{sha256}.txt").ShouldBe("The same words.");
    }

    [Fact]
    public async Task AnotherTextOfTheSameBytesLiesBesideTheFirstAndItsRowNamesIt()
    {
        var formats = new OutputFormats { Text = true, Csv = new CsvFormat(), Parquet = true };
        archive["one"] = "The same words.";
        await archive.RunAsync(plan => plan with { Formats = formats });
        archive.Extractor.Grown++;
        archive.Extractor.Read = text => $"{text} And a footnote.";
        archive["two"] = "The same words.";
        // The process dies, and its journal is published by the next.
        await archive.DieAsync(name => name.StartsWith("jsonl/", StringComparison.Ordinal), plan => plan with { Formats = formats, Again = true });
        await archive.RunAsync(plan => plan with { Formats = formats });
        archive.Extractor.Read = text => text;
        archive["three"] = "The same words.";
        await archive.RunAsync(plan => plan with { Formats = formats });

        var sha256 = archive.Rows[0].Sha256!;
        var beside = $"text/{sha256[..2]}/{sha256}-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("The same words. And a footnote."u8))[..16]}.txt";
        archive.Sink.Names.Where(name => name.StartsWith("text/", StringComparison.Ordinal)).ShouldBe([beside, $"text/{sha256[..2]}/{sha256}.txt"]);
        archive.Rows.Select(row => (row.Document, row.TextFile)).OrderBy(row => row).ShouldBe([("one", null), ("one", beside), ("three", null), ("two", beside)]);
        foreach (var row in archive.Rows)
            archive.Sink.Text(row.TextFile ?? $"text/{sha256[..2]}/{sha256}.txt").Length.ShouldBe((int)row.Characters!);

        await new Export(archive.Sink, archive.Ledger).ToFileAsync("letters", Path.Combine(archive.State, "view.jsonl"), new CsvFormat(), null, default);
        File.ReadLines(Path.Combine(archive.State, "view.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)
            .Select(row => row.TryGetProperty("textFile", out var file) ? file.GetString() : null).Order().ShouldBe([null, beside, beside]);
    }

    [Fact]
    public async Task ARunThatWasStoppedSaysWhatStoppedIt()
    {
        Letters(10);
        archive.WhyStopped = "the night closed";
        archive.Opening = _ => archive.SoftStop.Cancel();
        (await archive.RunAsync()).Reason.ShouldBe("The run was asked to stop: the night closed.");
        (await archive.Ledger.RunsAsync("letters", 1, default)).Single().Ending!.Reason.ShouldBe("The run was asked to stop: the night closed.");
    }

    [Fact]
    public async Task AForecastReadsASampleAndWritesNothing()
    {
        Letters(100);
        var run = new BatchRun(Some.Plan(), archive.Source, archive.Reader, () => [archive.Pass], archive.Sink, archive.Ledger);
        var forecast = await run.ForecastAsync(default);
        forecast.Pending.ShouldBe(100);
        forecast.Sampled.ShouldBeInRange(20, 40);
        forecast.Tokens.ShouldBeGreaterThan(0);
        archive.Sink.Names.ShouldBeEmpty();
        (await archive.Ledger.RunsAsync("letters", 1, default)).ShouldBeEmpty();
    }

    private void Letters(int count)
    {
        for (var number = 0; number < count; number++)
            archive[$"letter-{number}"] = $"Letter number {number} to the mayor. It asks for a bench in the park. Signed by {number} people.";
    }

    private JsonElement Json(string name) => JsonDocument.Parse(archive.Sink.Text(name)).RootElement;

    [Fact]
    public async Task AFailureWhoseDocumentIsGoneFromTheSourceIsToldAsGoneUntilItIsBack()
    {
        foreach (var name in (string[])["a", "b", "folder/c", "d"])
            archive[name] = name == "d" ? "STARVE" : "LOCKED";
        await archive.RunAsync();
        var (b, c) = (archive.Documents["b"], archive.Documents["folder/c"]);
        archive.Documents.Remove("b");
        archive.Documents.Remove("d");
        archive.Documents.Remove("folder/c");
        // Where a folder may not be looked into, its name stands for all that is in it.
        archive["folder"] = "LOCKED";

        // A list that was not read to its end tells nothing.
        await archive.RunAsync(plan => plan with { Limit = 1, Again = true });
        (await GoneAsync()).ShouldBeEmpty();
        await archive.RunAsync();
        (await GoneAsync()).ShouldBe(["b", "d"]);
        (await archive.Ledger.RetryAsync(Some.Scope, default)).ShouldBe(3);
        archive.Documents.Remove("folder");
        await archive.RunAsync();
        (await GoneAsync()).ShouldBe(["b", "d", "folder", "folder/c"]);

        (archive.Documents["b"], archive.Documents["folder/c"]) = (b, c);
        await archive.RunAsync();
        (await GoneAsync()).ShouldBe(["d", "folder"]);

        async Task<IReadOnlyList<string>> GoneAsync() =>
            await archive.Ledger.FailuresAsync(Some.Scope, default).Where(failed => failed.IsGone).Select(failed => failed.Path).Order(StringComparer.Ordinal).ToListAsync();
    }

    [Fact]
    public async Task AnErrorLineBearsTheVersionOfItsRow()
    {
        archive["a"] = "LOCKED";
        archive["b"] = "STARVE";
        archive["c"] = "AWAY";
        archive.Opening = name => { if (name == "c") throw new Documents.DocumentException("It is away.", permanent: false); };
        await archive.RunAsync();
        var errors = archive.Sink.Text(archive.Sink.Names.Single(name => name.EndsWith("errors.jsonl", StringComparison.Ordinal))).TrimEnd().Split('\n').Select(line => System.Text.Json.Nodes.JsonNode.Parse(line)!).ToArray();
        errors.Select(line => (string)line["document"]!).ShouldBe(["a", "b", "c"]);
        ((string)errors[0]["version"]!).ShouldBe(archive.Rows.Single().Version);
        ((string)errors[0]["version"]!).ShouldEndWith($"-{archive.Rows.Single().Sha256![..16]}");
        // Its content was read and is known, though it has no row.
        ((string)errors[1]["version"]!).ShouldStartWith($"{archive.Documents["b"].Version}-");
        ((string)errors[2]["version"]!).ShouldBe(archive.Documents["c"].Version);
    }
}
