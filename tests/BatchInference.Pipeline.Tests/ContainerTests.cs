using BatchInference.Pipeline.Results.RowFormats;
using BatchInference.Testing;

namespace BatchInference.Pipeline.Tests;

/// <summary>Documents inside documents: one row each, opened again only when there is a reason.</summary>
public sealed class ContainerTests : IDisposable
{
    private readonly Archive archive = new();

    public void Dispose() => archive.Dispose();

    [Fact]
    public async Task EveryDocumentOfABoxHasARowAndTheBoxHasNone()
    {
        archive["a.txt"] = "A plain letter.";
        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."), ("deep/2.txt", "The second one."), ("inner.zip", "PK\u0003\u0004"));
        archive["mail.eml"] = ArchiveBox.Letter("Dear Sir.", ("plan.txt", "The plan of the park."));
        var report = await archive.RunAsync();

        archive.RowsPerDocument.ShouldBe(["a.txt", "box.zip!/1.txt", "box.zip!/deep/2.txt", "box.zip!/inner.zip", "mail.eml", "mail.eml!/plan.txt"]);
        archive.Rows.Single(row => row.Document == "box.zip!/inner.zip").Error!.Reason.ShouldBe("The ZIP archive holds no documents.");
        report.Counts.ShouldBe(new RunCounts { Listed = 3, Completed = 5, Failed = 1, Members = 4, Tokens = report.Counts.Tokens });
        report.End.ShouldBe(RunEnd.Complete);
        report.Remaining.ShouldBe(0);
        archive.Rows.Single(row => row.Document == "box.zip!/1.txt").Sha256.ShouldNotBe(archive.Rows.Single(row => row.Document == "box.zip!/deep/2.txt").Sha256);
    }

    [Fact]
    public async Task TheSecondNightOpensNoContainerThatStands()
    {
        Box();
        await archive.RunAsync();
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
        archive.Box.Openings.ShouldBe(2);

        archive.Touch("box.zip");
        archive.Touch("mail.eml");
        (await archive.RunAsync()).Counts.ShouldBe(new RunCounts { Listed = 2, Unchanged = 2, Members = 0 });
        archive.Box.Openings.ShouldBe(2);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task OfAContainerThatChangedOnlyWhatChangedIsInferredAgain()
    {
        Box();
        await archive.RunAsync();
        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."), ("2.txt", "The second one, rewritten."), ("3.txt", "A third one."));
        var report = await archive.RunAsync();
        report.Counts.Completed.ShouldBe(2);
        report.Counts.Unchanged.ShouldBe(1);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task ANewModelDoesEveryDocumentInsideAgain()
    {
        Box();
        await archive.RunAsync();
        archive.Pass = new ScriptedPass("scripted-2");
        (await archive.RunAsync()).Counts.Completed.ShouldBe(4);
        (await archive.RunAsync(plan => plan with { Again = true })).Counts.Completed.ShouldBe(4);
    }

    [Fact]
    public async Task WhatExtractsChangedOnlyContainersWithFailuresAreOpenedAgain()
    {
        Box();
        archive["locked.zip"] = ArchiveBox.Of(("1.txt", "LOCKED"), ("2.txt", "Open."));
        await archive.RunAsync();
        archive.Extractor.Grown++;
        var report = await archive.RunAsync();
        report.Counts.ShouldBe(new RunCounts { Listed = 3, Skipped = 2, Failed = 1, Unchanged = 1, Members = 1 });
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task ARetryOpensTheContainerAndDoesOnlyWhatFailed()
    {
        Box();
        archive["locked.zip"] = ArchiveBox.Of(("1.txt", "LOCKED"), ("2.txt", "Open."));
        await archive.RunAsync();
        (await archive.Ledger.RetryAsync(Some.Scope, default)).ShouldBe(1);
        (await archive.RunAsync()).Counts.ShouldBe(new RunCounts { Listed = 3, Skipped = 2, Failed = 1, Unchanged = 1, Members = 1 });
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task ATemporaryFailureInsideIsTriedOnceMoreAloneAndAgainTheNextNight()
    {
        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."), ("2.txt", "STARVE now."));
        var report = await archive.RunAsync();
        report.Counts.ShouldBe(new RunCounts { Listed = 1, Completed = 1, Temporary = 1, Members = 1, Tokens = report.Counts.Tokens });
        report.End.ShouldBe(RunEnd.Complete);
        report.Remaining.ShouldBe(1);
        archive.Box.Openings.ShouldBe(2);

        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."), ("2.txt", "Fed now."));
        report = await archive.RunAsync();
        report.Counts.Completed.ShouldBe(1);
        report.Counts.Unchanged.ShouldBe(1);
        report.Remaining.ShouldBe(0);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task ALetterThatCouldNotBeOpenedAtOnceIsReadWithItsEnclosures()
    {
        archive["mail.eml"] = ArchiveBox.Letter("Dear Sir.", ("plan.txt", "The plan of the park."));
        FailOnceAt("mail.eml");
        var report = await archive.RunAsync();
        archive.RowsPerDocument.ShouldBe(["mail.eml", "mail.eml!/plan.txt"]);
        report.Remaining.ShouldBe(0);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task ABoxThatChangedAndCouldNotBeOpenedAtOnceIsReadAnew()
    {
        Box();
        await archive.RunAsync();
        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."), ("3.txt", "A third one."));
        FailOnceAt("box.zip");
        var report = await archive.RunAsync();
        report.Counts.ShouldBe(new RunCounts { Listed = 2, Skipped = 1, Completed = 1, Unchanged = 1, Members = 1, Tokens = report.Counts.Tokens });
        (await archive.Ledger.FailuresAsync(Some.Scope, default).CountAsync()).ShouldBe(0);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Theory]
    [InlineData("box.zip", 1)]
    [InlineData("mail.eml", 1)]
    [InlineData("outer.zip!/inner.zip", 1)]
    [InlineData("box.zip", 9)]
    public async Task WhatStandsBehindACutIsReadWhenTheReadingGoesOn(string box, int failures)
    {
        (string, string)[] members = [("1.txt", "The first one."), ("2.txt", "The second one."), ("3.txt", "The third one.")];
        if (box == "mail.eml") archive["mail.eml"] = ArchiveBox.Letter("Dear Sir.", members);
        else archive["box.zip"] = ArchiveBox.Of(members);
        if (box.StartsWith("outer", StringComparison.Ordinal))
        {
            archive.Documents.Clear();
            archive["outer.zip"] = ArchiveBox.Of(("inner.zip", ArchiveBox.Of(members).Replace(ArchiveBox.Lid, ArchiveBox.InnerLid, StringComparison.Ordinal)));
        }

        archive.Box.Reaching = name =>
        {
            if (name == "2.txt" && failures-- > 0) throw new Documents.DocumentException("It took too long.", permanent: false);
        };
        for (var night = 0; night < 4 && failures > 0; night++) await archive.RunAsync();
        await archive.RunAsync();
        string[] own = box == "mail.eml" ? [box] : [];
        archive.RowsPerDocument.ShouldBe([.. own, $"{box}!/1.txt", $"{box}!/2.txt", $"{box}!/3.txt"]);
        (await archive.Ledger.FailuresAsync(Some.Scope, default).CountAsync()).ShouldBe(0);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task ALetterIsReadAgainUntilItsEnclosureIsThoughItsOwnTextStands()
    {
        archive["mail.eml"] = ArchiveBox.Letter("Dear Sir.", ("plan.txt", "The plan of the park."));
        archive.Box.Taking = _ => throw new Documents.DocumentException("It is away.", permanent: false);
        for (var night = 0; night < 3; night++)
            (await archive.RunAsync(plan => plan with { RetryDelays = [] })).Remaining.ShouldBe(1);
        archive.Box.Taking = _ => { };
        (await archive.RunAsync()).Counts.ShouldBe(new RunCounts { Listed = 1, Completed = 1, Unchanged = 1, Members = 1, Tokens = 5 });
        archive.RowsPerDocument.ShouldBe(["mail.eml", "mail.eml!/plan.txt"]);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task ADamagedContainerKeepsTheRowsOfWhatWasReadBeforeTheDamage()
    {
        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."), ("2.txt", "TORN"), ("3.txt", "Never seen."));
        await archive.RunAsync();
        archive.RowsPerDocument.ShouldBe(["box.zip", "box.zip!/1.txt"]);
        archive.Rows[0].Error!.Reason.ShouldBe("The ZIP archive is damaged.");
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();

        // Mended, it has no failure any more.
        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."), ("2.txt", "Mended."));
        await archive.RunAsync();
        (await archive.Ledger.FailuresAsync(Some.Scope, default).CountAsync()).ShouldBe(0);
        (await archive.Ledger.FindAsync(Some.Scope, ["box.zip"], default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task AShardThatGrowsIsPublishedInSeveralParts()
    {
        archive["box.zip"] = ArchiveBox.Of([.. Enumerable.Range(0, 30).Select(number => ($"{number:00}.txt", $"Letter {number} of the box."))]);
        archive["z.txt"] = "After it.";
        var report = await archive.RunAsync();
        report.Counts.Completed.ShouldBe(31);
        report.Parts.ShouldBe(4);
        archive.RowsPerDocument.ShouldBeUnique();
        archive.Sink.Names.ShouldContain(name => name.EndsWith("-00000.jsonl", StringComparison.Ordinal));
        archive.Sink.Names.ShouldContain(name => name.EndsWith("-300000.jsonl", StringComparison.Ordinal));
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task AStopInTheMiddleOfAContainerLeavesTheRestToTheNextRun()
    {
        archive["box.zip"] = ArchiveBox.Of([.. Enumerable.Range(0, 30).Select(number => ($"{number:00}.txt", $"Letter {number} of the box."))]);
        archive.Box.Taking = name =>
        {
            if (name == "11.txt")
                archive.SoftStop.Cancel();
        };
        var report = await archive.RunAsync();
        report.End.ShouldBe(RunEnd.Stopped);
        report.Counts.Completed.ShouldBe(12);

        archive.SoftStop = new CancellationTokenSource();
        archive.Box.Taking = _ => { };
        report = await archive.RunAsync();
        report.Counts.ShouldBe(new RunCounts { Listed = 1, Completed = 18, Unchanged = 12, Members = 18, Tokens = report.Counts.Tokens });
        archive.RowsPerDocument.Count.ShouldBe(30);
        archive.RowsPerDocument.ShouldBeUnique();
    }

    [Theory]
    [InlineData("00000.jsonl")]
    [InlineData("100000.jsonl")]
    [InlineData("100000.parquet")]
    [InlineData("_SUCCESS")]
    public async Task APowerCutInTheMiddleOfAContainerLosesNothingAndDoublesNothing(string file)
    {
        archive["box.zip"] = ArchiveBox.Of([.. Enumerable.Range(0, 20).Select(number => ($"{number:00}.txt", $"Letter {number} of the box."))]);
        RunPlan Parquet(RunPlan plan) => plan with { Formats = new OutputFormats { Parquet = true } };
        await archive.DieAsync(name => name.EndsWith(file, StringComparison.Ordinal), Parquet);
        (await archive.RunAsync(Parquet)).End.ShouldBe(RunEnd.Complete);
        archive.RowsPerDocument.Count.ShouldBe(20);
        archive.RowsPerDocument.ShouldBeUnique();
        (await archive.RunAsync(Parquet)).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task AnExportOfWhatExistsTakesADocumentInsideForAsLongAsItsContainerIsListed()
    {
        Box();
        archive["odd!/name#1.txt"] = "A file with an odd name.";
        await archive.RunAsync();
        archive.Documents.Remove("box.zip");
        using var folder = new TempFolder();
        var report = await new Export(archive.Sink, archive.Ledger).ToFileAsync("letters", folder["view.jsonl"], new CsvFormat(), archive.Source, default);
        report.Rows.ShouldBe(3);
        report.Gone.ShouldBe(2);
    }

    [Fact]
    public async Task WhatAContainerNoLongerHoldsIsGoneUntilItComesBack()
    {
        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."), ("2.txt", "LOCKED"), ("inner.zip", ArchiveBox.Of(("4.txt", "LOCKED")).Replace(ArchiveBox.Lid, ArchiveBox.InnerLid)));
        archive["mail.eml"] = ArchiveBox.Letter("Dear Sir.", ("plan.txt", "LOCKED"));
        archive["plain.txt"] = "LOCKED";
        await archive.RunAsync();
        (await ExistingAsync()).Count.ShouldBe(6);
        archive["box.zip"] = ArchiveBox.Of(("3.txt", "A third one."));
        archive["mail.eml"] = ArchiveBox.Letter("Dear Sir, without a plan.");
        await archive.RunAsync();
        (await ExistingAsync()).ShouldBe(["box.zip!/3.txt", "mail.eml", "plain.txt"]);
        (await FailedAsync(gone: true)).ShouldBe(["box.zip!/2.txt", "box.zip!/inner.zip!/4.txt", "mail.eml!/plan.txt"]);
        (await FailedAsync(gone: false)).ShouldBe(["plain.txt"]);
        (await archive.Ledger.RetryAsync(Some.Scope, default)).ShouldBe(1);

        // Touched: nothing is read, and what was gone stays gone.
        archive.Touch("box.zip");
        await archive.RunAsync();
        (await ExistingAsync()).ShouldBe(["box.zip!/3.txt", "mail.eml", "plain.txt"]);

        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."), ("2.txt", "LOCKED"));
        await archive.RunAsync();
        (await ExistingAsync()).ShouldBe(["box.zip!/1.txt", "box.zip!/2.txt", "mail.eml", "plain.txt"]);
        (await FailedAsync(gone: false)).ShouldBe(["box.zip!/2.txt", "plain.txt"]);
        archive.RowsPerDocument.Count(name => name == "box.zip!/1.txt").ShouldBe(1);
    }

    [Fact]
    public async Task WhatACutReadingDidNotComeToIsNotCalledGone()
    {
        string Inner(params (string, string)[] members) => ArchiveBox.Of(members).Replace(ArchiveBox.Lid, ArchiveBox.InnerLid);
        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."), ("2.txt", "The second one."));
        archive["nest.zip"] = ArchiveBox.Of(("inner.zip", Inner(("3.txt", "The third one."), ("4.txt", "The fourth one."))), ("5.txt", "The fifth one."));
        archive["shut.zip"] = ArchiveBox.Of(("6.txt", "The sixth one."));
        archive["starved.zip"] = ArchiveBox.Of(("7.txt", "The seventh one."));
        await archive.RunAsync();
        var all = await ExistingAsync();
        all.Count.ShouldBe(7);

        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one, changed."), ("torn", "TORN"));
        archive["nest.zip"] = ArchiveBox.Of(("inner.zip", Inner(("3.txt", "The third one."), ("torn", "TORN"))));
        archive["shut.zip"] = "LOCKED";
        archive["starved.zip"] = ArchiveBox.Of(("7.txt", "STARVE now, the seventh."));
        await archive.RunAsync();
        (await ExistingAsync()).Except(all).ShouldBe(["box.zip", "nest.zip!/inner.zip", "shut.zip"], ignoreOrder: true);
        all.Except(await ExistingAsync()).ShouldBe(["nest.zip!/5.txt"]);

        // What is torn is found as it was: its version is the box's, and it still cuts.
        archive["nest.zip"] = ArchiveBox.Of(("inner.zip", Inner(("3.txt", "The third one."), ("torn", "TORN"))), ("8.txt", "The eighth one."));
        await archive.RunAsync();
        (await ExistingAsync()).ShouldContain("nest.zip!/inner.zip!/4.txt");
    }

    [Fact]
    public async Task AContainerThatAStopLeftHalfReadCallsNothingGone()
    {
        archive["box.zip"] = ArchiveBox.Of([.. Enumerable.Range(0, 6).Select(number => ($"{number}.txt", $"Letter {number}."))]);
        await archive.RunAsync();
        archive["box.zip"] = ArchiveBox.Of([.. Enumerable.Range(0, 5).Select(number => ($"{number}.txt", $"Letter {number}, changed."))]);
        archive.Box.Reaching = name => { if (name == "2.txt") archive.SoftStop.Cancel(); };
        (await archive.RunAsync()).End.ShouldBe(RunEnd.Stopped);
        (await ExistingAsync()).Count.ShouldBe(6);

        (archive.SoftStop, archive.Box.Reaching) = (new CancellationTokenSource(), _ => { });
        await archive.RunAsync();
        (await ExistingAsync()).ShouldBe(["box.zip!/0.txt", "box.zip!/1.txt", "box.zip!/2.txt", "box.zip!/3.txt", "box.zip!/4.txt"]);
    }

    [Fact]
    public async Task AFileThatIsCalledAsADocumentInAContainerBesideItHasARowOfItsOwn()
    {
        archive.Source = new Documents.DistinctNames(archive.Source);
        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."), ("2.txt", "The second one."));
        archive["box.zip!/1.txt"] = "A file with an odd name.";
        var report = await archive.RunAsync();
        archive.RowsPerDocument.ShouldBe(["./box.zip!/1.txt", "box.zip!/1.txt", "box.zip!/2.txt"]);
        report.Counts.Completed.ShouldBe(3);
        (await ExistingAsync()).ShouldBe(["./box.zip!/1.txt", "box.zip!/1.txt", "box.zip!/2.txt"]);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task AnExportOfBooksThatHadTwoDocumentsOfOneNameHasOneRowOfIt()
    {
        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."));
        archive["box.zip!/1.txt"] = "A file with an odd name.";
        await archive.RunAsync();
        archive.RowsPerDocument.ShouldBe(["box.zip!/1.txt", "box.zip!/1.txt"]);
        (await ExistingAsync()).ShouldBe(["box.zip!/1.txt"]);
    }

    private async Task<IReadOnlyList<string>> ExistingAsync()
    {
        using var folder = new TempFolder();
        await new Export(archive.Sink, archive.Ledger).ToFileAsync("letters", folder["view.jsonl"], new CsvFormat(), archive.Source, default);
        await using var stream = File.OpenRead(folder["view.jsonl"]);
        return await JsonLines.ReadAsync(stream, default).Select(row => row.Document).Order(StringComparer.Ordinal).ToListAsync();
    }

    private async Task<IReadOnlyList<string>> FailedAsync(bool gone) =>
        await archive.Ledger.FailuresAsync(Some.Scope, default).Where(failed => failed.IsGone == gone).Select(failed => failed.Path).Order(StringComparer.Ordinal).ToListAsync();

    [Fact]
    public async Task WhatAContainerSaysOfADocumentIsInItsRowAndWhatTheDocumentSaysOfItselfWhereTheJobAsks()
    {
        Box();
        await archive.RunAsync(plan => plan with { Formats = new OutputFormats { Csv = new CsvFormat() } });
        archive.Rows.Single(row => row.Document == "box.zip!/1.txt").Metadata.ShouldBe(new Dictionary<string, string> { ["box"] = "1.txt" });
        archive.Rows.Single(row => row.Document == "mail.eml").Metadata.ShouldBeEmpty();

        using var asking = new Archive();
        asking["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."));
        await asking.RunAsync(plan => plan with { Formats = new OutputFormats { Csv = new CsvFormat(), Metadata = true } });
        asking.Rows.Single().Metadata.ShouldBe(new Dictionary<string, string> { ["title"] = "The", ["box"] = "1.txt" });
        var csv = asking.Sink.Text(asking.Sink.Names.Single(name => name.EndsWith(".csv", StringComparison.Ordinal)));
        csv.ShouldContain(",processed_at,metadata,");
        csv.ShouldContain("\"{\"\"title\"\":\"\"The\"\",\"\"box\"\":\"\"1.txt\"\"}\"");
    }

    [Fact]
    public async Task OtherFieldsOfRecordsAreOtherWork()
    {
        Box();
        await archive.RunAsync();
        (await archive.RunAsync(plan => plan with { Content = "body\n" })).Counts.Completed.ShouldBe(4);
        (await archive.RunAsync(plan => plan with { Content = "body\n" })).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task AForecastReadsWhatIsInside()
    {
        Box();
        var forecast = await new BatchRun(Some.Plan(), archive.Source, archive.Reader, () => [archive.Pass], archive.Sink, archive.Ledger).ForecastAsync(default);
        forecast.Pending.ShouldBe(2);
        forecast.Tokens.ShouldBeGreaterThan(10);
    }

    private void FailOnceAt(string path)
    {
        var failed = false;
        archive.Opening = name =>
        {
            if (name != path || failed) return;
            failed = true;
            throw new Documents.DocumentException("It is away.", permanent: false);
        };
    }

    private void Box()
    {
        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."), ("2.txt", "The second one."));
        archive["mail.eml"] = ArchiveBox.Letter("Dear Sir.", ("plan.txt", "The plan of the park."));
    }
}
