using BatchInference.Documents.Extraction;
using BatchInference.Documents;
using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Suspects;
using BatchInference.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BatchInference.Pipeline.Tests;

public sealed class PolicyTests
{
    [Fact]
    public void WhatWaitsTakesItsTimeAtThePaceOfTheRun()
    {
        var time = new FakeTimeProvider();
        var progress = new RunProgress(time);
        progress.Queued(500);
        progress.Drain.ShouldBe(TimeSpan.Zero);
        progress.Began();
        time.Advance(TimeSpan.FromSeconds(10));
        progress.Inferred(1000);
        progress.Drain.ShouldBe(TimeSpan.FromSeconds(5));
        progress.Queued(-500);
        progress.Drain.ShouldBe(TimeSpan.Zero);
    }

    [Theory]
    [InlineData(0, 500, new int[0])]
    [InlineData(3, 500, new[] { 3 })]
    [InlineData(70, 500, new[] { 9, 9, 9, 9, 9, 9, 9, 7 })]
    [InlineData(499, 500, new[] { 63, 63, 63, 63, 63, 63, 63, 58 })]
    [InlineData(500, 500, new[] { 500 })]
    [InlineData(1100, 500, new[] { 500, 500, 100 })]
    [InlineData(5, 2, new[] { 2, 2, 1 })]
    public void ShardsAreFullWhereThereAreEnoughDocumentsAndSmallWhereThereAreFew(int documents, int size, int[] shards) =>
        Cut(documents, new ShardCutter(Some.Plan() with { ShardDocuments = size }, isShared: false, new RunProgress(TimeProvider.System))).ShouldBe(shards);

    [Theory]
    [InlineData(10, new[] { 500, 500, 500, 500, 500 })]
    [InlineData(1000, new[] { 900, 900, 500, 200 })]
    [InlineData(100_000, new[] { 2000, 500 })]
    public void ShardsAreSomeMinutesOfWorkAtThePaceOfTheRun(int handledIn100Seconds, int[] shards)
    {
        var time = new FakeTimeProvider(Some.Evening);
        var progress = new RunProgress(time);
        progress.Began();
        time.Advance(TimeSpan.FromSeconds(100));
        for (var handled = 0; handled < handledIn100Seconds; handled++)
            progress.Home(isSettled: true, again: false);
        Cut(2500, new ShardCutter(Some.Plan() with { ShardDocuments = 500, ShardTime = TimeSpan.FromSeconds(90) }, isShared: false, progress)).ShouldBe(shards);
    }

    [Theory]
    [InlineData(30, new[] { 16, 14 })]
    [InlineData(80, new[] { 20, 16, 16, 16, 12 })]
    [InlineData(1700, new[] { 500, 500, 175, 132, 99, 74, 55, 42, 31, 23, 18, 16, 16, 16, 3 })]
    public void WhereNodesShareTheLastShardsBecomeSmaller(int documents, int[] shards) =>
        Cut(documents, new ShardCutter(Some.Plan() with { ShardDocuments = 500 }, isShared: true, new RunProgress(TimeProvider.System))).ShouldBe(shards);

    private static int[] Cut(int documents, ShardCutter cutter) => Enumerable.Range(0, documents)
        .Select(number => cutter.Add(new Pending(new Document(new DocumentId($"{number}", "v"), null, _ => throw new NotSupportedException()), null, null)))
        .OfType<IReadOnlyList<Pending>>().Select(full => full.Count).ToArray().Concat(cutter.Rest().Select(rest => rest.Count)).ToArray();

    [Theory]
    [InlineData("v1", "work", RowStatus.Completed, "old", false, false)]
    [InlineData("v2", "work", RowStatus.Completed, "extraction", false, true)]
    [InlineData("v1", "other", RowStatus.Completed, "extraction", false, true)]
    [InlineData("v1", "work", RowStatus.Failed, "extraction", false, false)]
    [InlineData("v1", "work", RowStatus.Failed, "old", false, true)]
    [InlineData("v1", "work", RowStatus.Failed, "extraction", true, true)]
    [InlineData("v1", "work", RowStatus.Partial, "old", false, false)]
    public void ADocumentIsDoneAgainOnlyWhenSomethingThatDecidesItsRowChanged(string version, string work, RowStatus status, string extraction, bool retry, bool pending) =>
        new SettlementPolicy("work", "extraction", again: false)
            .IsPending("v1", new SettledDocument(version, Some.Sha256(1), status, work, extraction, retry, Some.Run().Run)).ShouldBe(pending);

    [Fact]
    public void ADocumentIsTriedAgainAfterGrowingDelaysAndNotForEver()
    {
        var time = new FakeTimeProvider(Some.Evening);
        var queue = new RetryQueue([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)], time, new WaitingSuspects(Suspicion.None));
        var failure = new DocumentFailure("open", "Permission denied.", Permanent: false);
        var document = new Pending(new Document(new DocumentId("a.txt", "v"), null, _ => throw new NotSupportedException()), null, null);
        foreach (var seconds in new[] { 1, 5 })
        {
            queue.TryAdd(document, "a.txt", failure).ShouldBeTrue();
            queue.NextDue.HasValue.ShouldBeTrue();
            queue.TakeDue(10).Documents.ShouldBeEmpty();
            time.Advance(TimeSpan.FromSeconds(seconds));
            queue.Due.ShouldBe(1);
            var (documents, failures) = queue.TakeDue(10);
            failures.ShouldBe([failure]);
            document = documents.ShouldHaveSingleItem();
            document.Only.ShouldBe(["a.txt"]);
            queue.NextDue.HasValue.ShouldBeFalse();
        }

        queue.TryAdd(document, "a.txt", failure).ShouldBeFalse();
    }

    [Fact]
    public void AClockThatIsSetMakesNoDocumentWait()
    {
        var time = new SetClock();
        var queue = new RetryQueue([TimeSpan.FromSeconds(1)], time, new WaitingSuspects(Suspicion.None));
        queue.TryAdd(new Pending(new Document(new DocumentId("a.txt", "v"), null, _ => throw new NotSupportedException()), null, null), "a.txt", new DocumentFailure("open", "Away.", Permanent: false));
        time.SetBack = TimeSpan.FromHours(1);
        time.Passed = TimeSpan.FromSeconds(1);
        queue.Due.ShouldBe(1);
    }

    private sealed class SetClock : TimeProvider
    {
        public TimeSpan Passed { get; set; }

        public TimeSpan SetBack { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Some.Evening + Passed - SetBack;

        public override long GetTimestamp() => Passed.Ticks;
    }

    [Fact]
    public void AContainerIsTriedAgainOnceForAllThatFailedInside()
    {
        var queue = new RetryQueue([TimeSpan.Zero], new FakeTimeProvider(Some.Evening), new WaitingSuspects(Suspicion.None));
        var failure = new DocumentFailure("extract", "Out of memory.", Permanent: false);
        Pending[] boxes = [.. Enumerable.Range(0, 3).Select(number => new Pending(new Document(new DocumentId($"{number}.zip", "v"), null, _ => throw new NotSupportedException()), null, null))];
        foreach (var box in boxes)
            foreach (var member in new[] { "a", "b" })
                queue.TryAdd(box, $"{box.Document.Id}!/{member}", failure).ShouldBeTrue();
        queue.Forget([boxes[1]]);
        var (documents, failures) = queue.TakeDue(1);
        documents.ShouldHaveSingleItem().Only!.Order(StringComparer.Ordinal).ShouldBe(["0.zip!/a", "0.zip!/b"]);
        failures.Count.ShouldBe(2);
        queue.TakeDue(10).Documents.ShouldHaveSingleItem().Document.Id.Path.ShouldBe("2.zip");
    }

    [Fact]
    public async Task AGateLetsInWhoComesWhileItIsNotFullHoweverLarge()
    {
        var gate = new TokenGate(100);
        gate.EnterAsync(1_000_000, default).IsCompleted.ShouldBeTrue();
        var second = gate.EnterAsync(60, default);
        var third = gate.EnterAsync(60, default);
        var fourth = gate.EnterAsync(1, default);
        second.IsCompleted.ShouldBeFalse();
        gate.Leave(1_000_000);
        await second.WaitAsync(TimeSpan.FromMinutes(1));
        await third.WaitAsync(TimeSpan.FromMinutes(1));
        fourth.IsCompleted.ShouldBeFalse();
        gate.Leave(60);
        await fourth.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task WhoGivesUpWaitingAtTheGateTakesNoPlace()
    {
        var gate = new TokenGate(10);
        await gate.EnterAsync(10, default);
        using var givesUp = new CancellationTokenSource();
        var waiting = gate.EnterAsync(10, givesUp.Token);
        await givesUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => waiting);
        gate.Leave(10);
        await gate.EnterAsync(10, default).WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Theory]
    [InlineData("12-2026", false)]
    [InlineData("\"etag\"", true)]
    public void TheListedVersionComesBackFromTheRowsVersion(string listed, bool tag)
    {
        var sha256 = Some.Sha256(7);
        RowVersion.Listed(RowVersion.Of(listed, sha256, tag), sha256, tag).ShouldBe(listed);
        RowVersion.Of(listed, null, tag).ShouldBe(listed);
    }

    [Fact]
    public void ProgressTellsPaceAndTimeLeft()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(Some.Evening);
        var progress = new RunProgress(time);
        progress.Listed(12, 2);
        progress.Pending(10);
        progress.Began();
        time.Advance(TimeSpan.FromSeconds(10));
        progress.Inferred(5000);
        progress.Finished(new DocumentOutcome("a", "v", OutcomeKind.Completed));
        progress.Finished(new DocumentOutcome("b", "v", OutcomeKind.Failed) { Failure = new DocumentFailure("extract", "Damaged.", true) });
        progress.Home(isSettled: true, again: false);
        progress.Home(isSettled: true, again: false);
        var moment = progress.Snapshot();
        moment.TokensPerSecond.ShouldBe(500, 0.001);
        moment.TimeLeft.ShouldBe(TimeSpan.FromSeconds(40));
        moment.Failures.ShouldBe(new Dictionary<string, long> { ["extract"] = 1 });
        moment.Counts.Skipped.ShouldBe(2);
    }

    [Fact]
    public void TokensAreEstimatedByTheBytesOfEachKind()
    {
        var estimate = new TokenEstimate();
        foreach (var (path, length) in new (string, long?)[] { ("a.txt", 100), ("b.txt", 10_000), ("a.pdf", 50_000), ("b.pdf", 50_000), ("c.eml", 400), ("stream", null) })
            estimate.Count(Named(path, length));
        estimate.Sample(Named("a.txt", 100), 25);
        estimate.Sample(Named("a.pdf", 50_000), 1_000);
        // Text a quarter token a byte, PDF a fiftieth; what was not read, or has no length, like the mean of what was.
        estimate.Tokens().ShouldBe((10_100 / 4) + (100_000 / 50) + (2 * 1_025 / 2));

        static Document Named(string path, long? length) => new(new DocumentId(path, "1"), length, _ => throw new InvalidOperationException());
    }
}
