using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using CsCheck;

namespace BatchInference.Pipeline.Tests;

/// <summary>In which order documents are read, and that reading does not wait for what it need not.</summary>
public sealed class ReadingTests
{
    [Fact]
    public async Task WhileTheModelsAreLoadedReadingGoesOn()
    {
        using var archive = new Archive();
        foreach (var number in Enumerable.Range(0, 40)) archive[$"{number:D2}.txt"] = $"Letter {number}.";
        using var read = new CountdownEvent(10);
        archive.Opening = _ =>
        {
            lock (read)
                if (!read.IsSet) read.Signal();
        };
        archive.Loading = () => read.Wait(TimeSpan.FromMinutes(1)).ShouldBeTrue("Two readers read ten documents while the model is loaded.");
        (await archive.RunAsync(plan => plan with { Readers = 2, ShardDocuments = 40 })).Counts.Completed.ShouldBe(40);
        archive.Loads.ShouldBe(1);
    }

    [Fact]
    public async Task WhenTheModelsCannotBeLoadedTheRunSaysWhyAndNoDocumentIsBlamed()
    {
        using var archive = new Archive();
        foreach (var number in Enumerable.Range(0, 40)) archive[$"{number:D2}.txt"] = $"Letter {number}.";
        archive.Loading = () => throw new InvalidOperationException("The graph is damaged.");
        var report = await archive.RunAsync();
        (report.End, report.Reason).ShouldBe((RunEnd.Failed, "The graph is damaged."));
        report.Counts.Done.ShouldBe(0);
        archive.Loads.ShouldBe(1);
    }

    [Fact]
    public async Task WhileADocumentTakesItsTimeTheRunTellsThatItLives()
    {
        using var archive = new Archive();
        archive["scan.txt"] = "Six hundred pages.";
        archive.Opening = _ => archive.Time.Advance(TimeSpan.FromMinutes(40));
        await archive.RunAsync();
        archive.Progress.Waits.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void WhateverNamesReadingsHaveEachIsPassedOnOnce()
    {
        string?[] some = [null, "!/a", "!/a (2)", "!/*", "!/* (2)", "#1", "#2", "#02", "!/a#1", "!/a#2", "!/a#", "#", "!/a#99999999999999999999"];
        Gen.Int[0, some.Length - 1].Array[0, 12].Sample(chosen =>
        {
            var names = new ReadingNames();
            chosen.Select(one => names.Once(new DocumentReading { Member = some[one] }).Member).ToArray().ShouldBeUnique();
        });
    }

    [Fact]
    public void NamesThatAreUniqueStay()
    {
        var names = new ReadingNames();
        string?[] members = [null, "!/a.txt", "!/b.jsonl#1", "!/b.jsonl#2", "!/b.jsonl#10", "!/c.jsonl#1", "!/c.jsonl", "!/d #.txt", "!/*"];
        members.Select(member => names.Once(new DocumentReading { Member = member }).Member).ShouldBe(members);
    }

    [Fact]
    public async Task TwoReadingsOfOneNameAreTwoRows()
    {
        using var archive = new Archive();
        archive["box.zip"] = ArchiveBox.Of(("1.txt", "The first one."), ("2.txt", "The second one."));
        archive.Reading = reading => reading with { Member = "!/1.txt" };
        await archive.RunAsync();
        archive.RowsPerDocument.ShouldBe(["box.zip!/1.txt", "box.zip!/1.txt (2)"]);
        (await archive.RunAsync()).NothingToDo.ShouldBeTrue();
    }

    [Fact]
    public async Task OneReaderBeginsWithTheLargestTheOtherFollowsTheListing()
    {
        await using var order = new ReadingOrder(Shards([3, 9, 1, 7, 5], [2, 4]), large: 1, () => false);
        (await NextAsync(order)).ShouldBe((1, true));
        (await NextAsync(order)).ShouldBe((0, false));
        (await NextAsync(order)).ShouldBe((2, false));
        order.Read(new ToRead(null!, null!, IsLarge: true));
        (await NextAsync(order)).ShouldBe((3, true));
        (await NextAsync(order)).ShouldBe((4, false));
        order.Read(new ToRead(null!, null!, IsLarge: true));
        (await NextAsync(order)).ShouldBe((101, true));
        (await NextAsync(order)).ShouldBe((100, false));
        (await NextAsync(order)).ShouldBeNull();
    }

    [Fact]
    public Task EveryDocumentIsReadOnceByHoweverManyReaders() => Gen.Select(Gen.Long[0, 5].Array[0, 12].Array[0, 5], Gen.Int[1, 6], Gen.Int[0, 3]).SampleAsync(async (shards, readers, large) =>
    {
        await using var order = new ReadingOrder(Shards(shards), large, () => false);
        var read = new System.Collections.Concurrent.ConcurrentQueue<int>();
        var (inHand, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, readers).Select(_ => Task.Run(async () =>
        {
            while (await order.NextAsync(default) is { } next)
            {
                if (next.IsLarge)
                    lock (read) most = Math.Max(most, ++inHand);
                await Task.Yield();
                read.Enqueue(Number(next));
                if (next.IsLarge)
                    lock (read) inHand--;
                order.Read(next);
            }
        })));
        read.Order().ShouldBe(shards.SelectMany((sizes, shard) => sizes.Select((_, index) => (shard * 100) + index)));
        most.ShouldBeLessThanOrEqualTo(large);
    }, iter: 300);

    [Fact]
    public async Task AStopHandsOutNothingMore()
    {
        var stopped = false;
        await using var order = new ReadingOrder(Shards([1, 2, 3]), large: 1, () => stopped);
        (await NextAsync(order)).ShouldBe((2, true));
        stopped = true;
        (await NextAsync(order)).ShouldBeNull();
    }

    private static async Task<(int Number, bool IsLarge)?> NextAsync(ReadingOrder order) => await order.NextAsync(default) is { } next ? (Number(next), next.IsLarge) : null;

    private static int Number(ToRead next) => int.Parse(next.Pending.Document.Id.Path, System.Globalization.CultureInfo.InvariantCulture);

    // Documents are named by shard and place in it: 102 is the third of the second.
    private static async IAsyncEnumerator<Shard> Shards(params long[][] sizes)
    {
        for (var shard = 0; shard < sizes.Length; shard++)
        {
            await Task.Yield();
            yield return new Shard(shard, [.. sizes[shard].Select((size, index) => new Pending(new Document(new DocumentId($"{(shard * 100) + index}", "1"), size, _ => throw new NotSupportedException()), null, null))]);
        }
    }
}
