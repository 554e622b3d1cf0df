using BatchInference.Documents.Extraction;
using BatchInference.Pipeline.Results;
using BatchInference.Testing;

namespace BatchInference.Pipeline.Tests;

/// <summary>What every ledger does.</summary>
public abstract class LedgerContract
{
    protected abstract Ledger Ledger { get; }

    [Fact]
    public async Task ADocumentIsSettledWhenThePartThatHoldsItsRowIsRecorded()
    {
        var run = await BeginAsync(1);
        (await FindAsync("a")).ShouldBeEmpty();
        await SettleAsync(run, 0, ["a", "b"]);
        (await FindAsync("a", "b", "c")).ShouldBe(new Dictionary<string, SettledDocument>
        {
            ["a"] = new("v1", Some.Sha256(1), RowStatus.Completed, "work", "extraction", false, run.Run),
            ["b"] = new("v1", Some.Sha256(1), RowStatus.Completed, "work", "extraction", false, run.Run),
        }, ignoreOrder: true);
        (await Ledger.PartsOfAsync(run.Run, default)).ShouldBe([Some.Part(run, 0, 2)]);
    }

    [Fact]
    public async Task AnotherOutputKnowsNothingOfIt()
    {
        await SettleAsync(await BeginAsync(1), 0, ["a"]);
        (await Ledger.FindAsync(new ResultScope("letters", "elsewhere"), ["a"], default)).ShouldBeEmpty();
        (await Ledger.FindAsync(new ResultScope("other", Some.Scope.Output), ["a"], default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task TheLaterPartHoldsTheValidRow()
    {
        var first = await BeginAsync(1);
        await SettleAsync(first, 0, ["a", "b"]);
        var second = await BeginAsync(2);
        await SettleAsync(second, 0, ["b"]);
        (await Ledger.ValidInAsync(Some.Part(first, 0, 2), default)).ShouldBe(["a"]);
        (await Ledger.ValidInAsync(Some.Part(second, 0, 1), default)).ShouldBe(["b"]);
        (await Ledger.PartsAsync(Some.Scope, default).Select(part => part.Run).ToListAsync()).ShouldBe([first.Run, second.Run]);
    }

    [Fact]
    public async Task ValidRowsAreToldAsOfOneMomentAndOfOneOutputAlone()
    {
        var first = await BeginAsync(1);
        await SettleAsync(first, 0, ["a", "b", "c"]);
        var second = await BeginAsync(2);
        await SettleAsync(second, 4, ["b"]);
        List<ValidRow> told = [];
        await Ledger.ReadValidAsync(Some.Scope, async rows => told = await rows.ToListAsync(), default);
        told.ShouldBe([new(first.Run, 0, "a"), new(second.Run, 4, "b"), new(first.Run, 0, "c")], ignoreOrder: true);
        await Ledger.ReadValidAsync(new ResultScope("letters", "elsewhere"), async rows => told = await rows.ToListAsync(), default);
        told.ShouldBeEmpty();
    }

    [Fact]
    public async Task RecordingTheSameShardTwiceSaysTheSame()
    {
        var run = await BeginAsync(1);
        await SettleAsync(run, 0, ["a"]);
        await SettleAsync(run, 0, ["a"]);
        (await Ledger.PartsOfAsync(run.Run, default)).Count.ShouldBe(1);
        (await FindAsync("a")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task ATouchedDocumentKeepsItsRowUnderItsNewVersion()
    {
        var run = await BeginAsync(1);
        await SettleAsync(run, 0, ["a"]);
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [new UnchangedDocument("a", "v2")], []), default);
        (await FindAsync("a"))["a"].Version.ShouldBe("v2");
        (await Ledger.ValidInAsync(Some.Part(run, 0, 1), default)).ShouldBe(["a"]);
    }

    [Fact]
    public async Task AFailureStandsUntilTheDocumentIsAnswered()
    {
        var run = await BeginAsync(1);
        var failure = new FailureRecord("a", "v1", new DocumentFailure("open", "The share is away.", false), run.Run, Some.Evening);
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [], [failure]), default);
        (await Ledger.FailuresOfAsync(run.Run, default).ToListAsync()).ShouldBe([failure]);
        (await Ledger.FailuresAsync(Some.Scope, default).ToListAsync()).ShouldBe([failure]);
        (await Ledger.CountAsync(run.Run, default)).Temporary.ShouldBe(1);
        await SettleAsync(run, 0, ["a"]);
        (await Ledger.FailuresAsync(Some.Scope, default).ToListAsync()).ShouldBeEmpty();
        (await Ledger.CountAsync(run.Run, default)).ShouldBe(new RunCounts { Completed = 1 });
    }

    [Fact]
    public async Task ATemporaryFailureOfASettledDocumentAsksForAnotherTry()
    {
        var run = await BeginAsync(1);
        await SettleAsync(run, 0, ["a"]);
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [], [new FailureRecord("a", "v1", new DocumentFailure("open", "Away.", false), run.Run, Some.Evening)]), default);
        (await FindAsync("a"))["a"].Retry.ShouldBeTrue();
    }

    [Fact]
    public async Task ARetryIsAskedForFailedDocumentsOnlyAndForgottenWhenTheyAreSettled()
    {
        var run = await BeginAsync(1);
        await SettleAsync(run, 0, ["a"]);
        await SettleAsync(run, 1, ["b"], RowStatus.Failed);
        (await Ledger.RetryAsync(Some.Scope, default)).ShouldBe(1);
        var found = await FindAsync("a", "b");
        found["a"].Retry.ShouldBeFalse();
        found["b"].Retry.ShouldBeTrue();
        await SettleAsync(run, 2, ["b"], RowStatus.Failed);
        (await FindAsync("b"))["b"].Retry.ShouldBeFalse();
    }

    [Fact]
    public async Task FailuresAndRetriesAreThoseOfOneOutput()
    {
        var elsewhere = Some.Run(2, new ResultScope("letters", "elsewhere"));
        await Ledger.BeginAsync(elsewhere, default);
        foreach (var run in new[] { await BeginAsync(1), elsewhere, Some.Run(3, Some.Scope) })
        {
            await Ledger.BeginAsync(run, default);
            await Ledger.SettleAsync(new Settlement(
                run.Run, Some.Part(run, 0, 1), [new SettledRow("a", "v1", Some.Sha256(1), RowStatus.Failed)], [],
                [new FailureRecord("a", "v1", new DocumentFailure("extract", "Damaged.", true), run.Run, Some.Evening) { Sha256 = Some.Sha256(1) }]), default);
        }

        (await Ledger.FailuresAsync(elsewhere.Scope, default).SingleAsync()).ShouldBe(
            new FailureRecord("a", "v1", new DocumentFailure("extract", "Damaged.", true), elsewhere.Run, Some.Evening) { Sha256 = Some.Sha256(1) });
        (await Ledger.OutputsAsync("letters", default)).ShouldBe([Some.Scope.Output, "elsewhere"]);
        (await Ledger.OutputsAsync("minutes", default)).ShouldBeEmpty();
        (await Ledger.RetryAsync(elsewhere.Scope, default)).ShouldBe(1);
        (await FindAsync("a"))["a"].Retry.ShouldBeFalse();
        (await Ledger.FindAsync(elsewhere.Scope, ["a"], default))["a"].Retry.ShouldBeTrue();
    }

    [Fact]
    public async Task AFailureIsGoneWithItsDocumentAndThereAgainWithIt()
    {
        var run = await BeginAsync(1);
        await SettleAsync(run, 0, ["a", "b"], RowStatus.Failed);
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [], [.. "ab".Select(name => new FailureRecord($"{name}", "v1", new DocumentFailure("extract", "Damaged.", true), run.Run, Some.Evening))]), default);
        for (var times = 0; times < 2; times++)
            await Ledger.NoteGoneAsync(Some.Scope, ["a"], ["b"], default);
        (await Ledger.FailuresAsync(Some.Scope, default).Select(failed => failed.IsGone).ToListAsync()).ShouldBe([true, false]);
        (await Ledger.RetryAsync(Some.Scope, default)).ShouldBe(1);
        await Ledger.NoteGoneAsync(Some.Scope, [], ["a", "b"], default);
        (await Ledger.RetryAsync(Some.Scope, default)).ShouldBe(2);
    }

    [Fact]
    public async Task WhatAContainerThatWasReadDidNotHoldIsGone()
    {
        var run = await BeginAsync(1);
        await SettleAsync(run, 0, ["a.zip!/1", "a.zip!/2", "a.zip!/inner.zip!/3", "a.zip#4", "a.zip#old", "a.zip.txt", "b.zip!/1"]);
        var cut = new FailureRecord("a.zip!/inner.zip", "v2", new DocumentFailure("extract", "Damaged.", true), run.Run, Some.Evening);
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [new UnchangedDocument("a.zip!/2", "v2")], [cut])
        {
            Containers = [Container("a.zip", RowStatus.Failed) with { Version = "v2" }],
        }, default);
        (await GoneAsync()).ShouldBe(["a.zip!/1", "a.zip#4"]);
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [new UnchangedDocument("a.zip!/1", "v3")], []) { Emptied = [new("b.zip", "v2")] }, default);
        (await GoneAsync()).ShouldBe(["a.zip#4", "b.zip!/1"]);

        async Task<IReadOnlyList<string>> GoneAsync()
        {
            List<string> gone = [];
            await Ledger.ReadValidAsync(Some.Scope, async rows => gone = await rows.Where(row => row.IsGone).Select(row => row.Path).Order(StringComparer.Ordinal).ToListAsync(), default);
            return gone;
        }
    }

    [Fact]
    public async Task AContainerIsRecordedApartFromItsRowsAndAskedToBeOpenedAgainForAFailureInside()
    {
        var run = await BeginAsync(1);
        await SettleAsync(run, 0, ["a.zip!/1"]);
        await SettleAsync(run, 1, ["a.zip!/2"], RowStatus.Failed);
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [], [])
        {
            Containers = [Container("a.zip", RowStatus.Failed), Container("b.zip", RowStatus.Completed)],
        }, default);
        (await FindAsync("a.zip", "b.zip")).ShouldBeEmpty();
        var found = await Ledger.FindContainersAsync(Some.Scope, ["a.zip", "b.zip", "a.zip!/1"], default);
        found.ShouldBe(new Dictionary<string, SettledDocument>
        {
            ["a.zip"] = new("v1", Some.Sha256(7), RowStatus.Failed, "work", "extraction", false, run.Run),
            ["b.zip"] = new("v1", Some.Sha256(7), RowStatus.Completed, "work", "extraction", false, run.Run),
        }, ignoreOrder: true);

        (await Ledger.RetryAsync(Some.Scope, default)).ShouldBe(1);
        found = await Ledger.FindContainersAsync(Some.Scope, ["a.zip", "b.zip"], default);
        found["a.zip"].Retry.ShouldBeTrue();
        found["b.zip"].Retry.ShouldBeFalse();
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [new UnchangedDocument("b.zip", "v2")], []), default);
        (await Ledger.FindContainersAsync(Some.Scope, ["b.zip"], default))["b.zip"].Version.ShouldBe("v2");
    }

    [Fact]
    public async Task AContainerIsToBeOpenedAgainThoughItsOwnTextIsUnchangedAndOnceReadToItsEndHasNothingLeftToTry()
    {
        var run = await BeginAsync(1);
        await SettleAsync(run, 0, ["a.eml"]);
        var failure = new DocumentFailure("extract", "It took too long.", Permanent: false);
        FailureRecord Failed(string path) => new(path, "v1", failure, run.Run, run.Started);
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [new UnchangedDocument("a.eml", "v1")], [Failed("a.eml!/*"), Failed("a.eml!/x.zip!/1"), Failed("a.eml!2"), Failed("a.em")])
        {
            Containers = [Container("a.eml", RowStatus.Completed) with { Retry = true, HasOwnRow = true }],
        }, default);
        (await Ledger.FindContainersAsync(Some.Scope, ["a.eml"], default))["a.eml"].Retry.ShouldBeTrue();
        (await Ledger.FailuresAsync(Some.Scope, default).CountAsync()).ShouldBe(4);

        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [], []) { Containers = [Container("a.eml", RowStatus.Completed) with { HasOwnRow = true }] }, default);
        (await Ledger.FailuresAsync(Some.Scope, default).Select(one => one.Path).ToListAsync()).ShouldBe(["a.em", "a.eml!2"], ignoreOrder: true);
        (await FindAsync("a.eml")).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task WhatIsNoContainerAnyMoreOrHasNoTextOfItsOwnAnyMoreIsForgottenAsSuch()
    {
        var run = await BeginAsync(1);
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [], []) { Containers = [Container("a", RowStatus.Completed)] }, default);
        await SettleAsync(run, 0, ["a"], RowStatus.Failed);
        (await Ledger.FindContainersAsync(Some.Scope, ["a"], default)).ShouldBeEmpty();
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [], []) { Containers = [Container("a", RowStatus.Completed)] }, default);
        (await FindAsync("a")).ShouldBeEmpty();
    }

    private static SettledContainer Container(string path, RowStatus status) => new(path, "v1", Some.Sha256(7), status, Retry: false, HasOwnRow: false);

    [Fact]
    public async Task ARunIsOpenUntilItIsEnded()
    {
        var run = await BeginAsync(1);
        (await Ledger.OpenRunsAsync(Some.Scope, default)).ShouldBe([run]);
        var ending = new RunEnding(Some.Evening.AddHours(1), RunEnd.Stopped, "The night closed.", new RunCounts { Listed = 7, Completed = 3 }, 4, true);
        await Ledger.EndAsync(run.Run, ending, default);
        (await Ledger.OpenRunsAsync(Some.Scope, default)).ShouldBeEmpty();
        (await Ledger.RunsAsync("letters", 5, default)).ShouldBe([run with { Ending = ending }]);
        (await Ledger.FindRunAsync(run.Run, default)).ShouldBe(run with { Ending = ending });
    }

    [Fact]
    public async Task ARunTellsHowFarItIs()
    {
        var run = await BeginAsync(1);
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [], []) { Pace = new RunPace(7, null) }, default);
        (await Ledger.FindRunAsync(run.Run, default)).ShouldBe(run with { Pace = new RunPace(7, null) });
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [], []) { Pace = new RunPace(9, 12) }, default);
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [], []), default);
        (await Ledger.FindRunAsync(run.Run, default)).ShouldBe(run with { Pace = new RunPace(9, 12) });
    }

    [Fact]
    public async Task ARunTellsWhyItWaits()
    {
        var run = await BeginAsync(1);
        await Ledger.PauseAsync(run.Run, "The disk is full.", default);
        (await Ledger.FindRunAsync(run.Run, default)).ShouldBe(run with { Paused = "The disk is full." });
        await Ledger.PauseAsync(run.Run, null, default);
        (await Ledger.FindRunAsync(run.Run, default)).ShouldBe(run);
    }

    [Fact]
    public async Task WhoWasInHandWhenARunFellIsSuspectedUntilItIsSettled()
    {
        var (first, second, third) = (await BeginAsync(1), await BeginAsync(2), await BeginAsync(3));
        await Ledger.SuspectAsync(Fell(first, alone: false, "a", "b"), default);
        // Said twice, it is the same.
        await Ledger.SuspectAsync(Fell(first, alone: false, "a", "b"), default);
        await Ledger.SuspectAsync(Fell(second, alone: true, "a"), default);
        await Ledger.SuspectAsync(Fell(third, alone: true, "a"), default);
        (await Ledger.SuspectsAsync(Some.Scope, default)).Values.ShouldBe([new Suspect("a", "v1", 1, 2), new Suspect("b", "v1", 1, 0)], ignoreOrder: true);
        (await Ledger.SuspectsAsync(new ResultScope("letters", "elsewhere"), default)).ShouldBeEmpty();
        await SettleAsync(third, 0, ["a"], RowStatus.Failed);
        (await Ledger.SuspectsAsync(Some.Scope, default)).Keys.ShouldBe(["b"]);
        await Ledger.RetryAsync(Some.Scope, default);
        (await Ledger.SuspectsAsync(Some.Scope, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task AnotherVersionIsAnotherSuspect()
    {
        var (first, second) = (await BeginAsync(1), await BeginAsync(2));
        await Ledger.SuspectAsync(Fell(first, alone: true, "a"), default);
        await Ledger.SuspectAsync(new Fall(second.Run, Some.Scope, [new FallenDocument("a", "v2")], IsAlone: true), default);
        (await Ledger.SuspectsAsync(Some.Scope, default)).Values.ShouldBe([new Suspect("a", "v2", 0, 1)]);
    }

    private static Fall Fell(RunRecord run, bool alone, params string[] paths) => new(run.Run, Some.Scope, [.. paths.Select(path => new FallenDocument(path, "v1"))], alone);

    [Fact]
    public async Task ARunMayBeOpenedTwiceButItsNameBelongsToOneOutput()
    {
        var run = await BeginAsync(1);
        await Ledger.BeginAsync(run, default);
        (await Ledger.OpenRunsAsync(Some.Scope, default)).ShouldBe([run]);
        (await Should.ThrowAsync<InvalidOperationException>(() => Ledger.BeginAsync(run with { Scope = new ResultScope("minutes", "elsewhere") }, default))).Message.ShouldStartWith($"The name {run.Run} is taken by a run of letters");
    }

    [Fact]
    public async Task ThreeThousandDocumentsAreFoundByName()
    {
        var run = await BeginAsync(1);
        string[] paths = [.. Enumerable.Range(0, 3000).Select(number => $"dossier é {number % 7}/l'“acte” n° {number}.pdf 𝄞")];
        await SettleAsync(run, 0, paths);
        (await FindAsync(paths)).Keys.Order(StringComparer.Ordinal).ShouldBe(paths.Order(StringComparer.Ordinal));
        (await Ledger.ValidInAsync(Some.Part(run, 0, 3000), default)).Count.ShouldBe(3000);
    }

    [Fact]
    public async Task ManyPartsAndFailuresComeOnceEachAndInOrder()
    {
        var run = await BeginAsync(1);
        for (var shard = 0; shard < 1100; shard++)
            await Ledger.SettleAsync(new Settlement(run.Run, Some.Part(run, shard, 1), [], [], []), default);
        (await Ledger.PartsAsync(Some.Scope, default).Select(part => part.Shard).ToListAsync()).ShouldBe(Enumerable.Range(0, 1100));

        FailureRecord[] failures = [.. Enumerable.Range(0, 1100).Select(number =>
            new FailureRecord($"{number:0000}", "v1", new DocumentFailure("open", number % 2 == 0 ? "Away." : "Busy.", false), run.Run, Some.Evening))];
        await Ledger.SettleAsync(new Settlement(run.Run, null, [], [], failures), default);
        (await Ledger.FailuresOfAsync(run.Run, default).ToListAsync()).ShouldBe(failures);
        (await Ledger.FailuresAsync(Some.Scope, default).ToListAsync()).ShouldBe(failures.OrderBy(failed => failed.Failure.Reason, StringComparer.Ordinal).ThenBy(failed => failed.Path, StringComparer.Ordinal));
    }

    [Fact]
    public async Task DocumentsOfALostPartAreDoneAgainWhenAskedFor()
    {
        var first = await BeginAsync(1);
        await SettleAsync(first, 0, ["a", "b"]);
        await SettleAsync(await BeginAsync(2), 0, ["b"]);
        (await Ledger.RedoAsync(Some.Part(first, 0, 2), default)).ShouldBe(1);
        var found = await FindAsync("a", "b");
        found["a"].Retry.ShouldBeTrue();
        found["b"].Retry.ShouldBeFalse();
    }

    [Fact]
    public async Task WholeBooksHaveNoDamage()
    {
        await SettleAsync(await BeginAsync(1), 0, ["a"]);
        (await Ledger.DamagesAsync(default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task AJobIsHeldByOneAtATime()
    {
        var holder = new JobHolder(Some.Run(1).Run, "here", 1, Some.Evening);
        (await Ledger.HolderAsync("letters", default)).ShouldBeNull();
        await using (await Ledger.HoldAsync("letters", holder, default))
        {
            (await Should.ThrowAsync<JobIsRunningException>(() => Ledger.HoldAsync("letters", holder with { ProcessId = 2 }, default))).Holder.ShouldBe(holder);
            (await Ledger.HolderAsync("letters", default)).ShouldBe(holder);
            await using var other = await Ledger.HoldAsync("minutes", holder, default);
        }

        (await Ledger.HolderAsync("letters", default)).ShouldBeNull();
        await (await Ledger.HoldAsync("letters", holder, default)).DisposeAsync();
    }

    protected async Task<RunRecord> BeginAsync(int number)
    {
        var run = Some.Run(number);
        await Ledger.BeginAsync(run, default);
        return run;
    }

    protected Task SettleAsync(RunRecord run, int shard, IReadOnlyList<string> paths, RowStatus status = RowStatus.Completed) => Ledger.SettleAsync(
        new Settlement(run.Run, Some.Part(run, shard, paths.Count), [.. paths.Select(path => new SettledRow(path, "v1", Some.Sha256(1), status))], [], []), default);

    private Task<IReadOnlyDictionary<string, SettledDocument>> FindAsync(params string[] paths) => Ledger.FindAsync(Some.Scope, paths, default);
}
