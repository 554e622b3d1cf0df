using BatchInference.Models.Batching;
using BatchInference.Models.Tokens;
using CsCheck;

namespace BatchInference.Models.Tests.Batching;

public sealed class TokenBatcherTests
{
    private static readonly Gen<(int[] Lengths, int PaddedTokens, int Rows, int LookAhead)> Cases =
        Gen.Select(Gen.Int[1, 600].Array[0, 200], Gen.Int[1, 3000], Gen.Int[1, 40], Gen.Int[0, 20_000]);

    [Fact]
    public void ARowAloneIsAlwaysHandedOut() => Gen.Select(Gen.Int[1, 100_000], Gen.Int[1, 100], Gen.Int[1, 4]).Sample((length, paddedTokens, rows) =>
    {
        var batcher = new TokenBatcher<string>(new TokenBudget(paddedTokens, rows), lookAhead: int.MaxValue);
        batcher.Add("alone", Row(0, length));

        batcher.TryTake(flush: true, out var items, out var batch).ShouldBeTrue();

        items.ShouldBe(["alone"]);
        batch.Length.ShouldBe(length);
        batcher.Count.ShouldBe(0);
        batcher.Tokens.ShouldBe(0);
    });

    [Fact]
    public void EveryRowComesHomeOnceWithWhatItBelongsTo() => Cases.Sample(c =>
    {
        var batcher = new TokenBatcher<int>(new TokenBudget(c.PaddedTokens, c.Rows), c.LookAhead);
        var home = new List<int>();
        for (var index = 0; index < c.Lengths.Length; index++)
        {
            batcher.Add(index, Row(index, c.Lengths[index]));
            while (Take(flush: false))
            {
            }
        }

        while (Take(flush: true))
        {
        }

        home.Order().ShouldBe(Enumerable.Range(0, c.Lengths.Length));

        bool Take(bool flush)
        {
            if (!batcher.TryTake(flush, out var items, out var batch))
                return false;
            items.ShouldBe(batch.Rows.Select(row => row.Index));
            new TokenBudget(c.PaddedTokens, c.Rows).Fits(batch.Rows.Count, batch.Length).ShouldBeTrue();
            home.AddRange(items);
            return true;
        }
    });

    [Fact]
    public void ABatchWaitsForALookAheadOfRows()
    {
        var batcher = new TokenBatcher<int>(new TokenBudget(100, 10), lookAhead: 300);
        for (var index = 0; index < 29; index++)
            batcher.Add(index, Row(index, 10));
        batcher.TryTake(flush: false, out _, out _).ShouldBeFalse();

        batcher.Add(29, Row(29, 10));

        batcher.TryTake(flush: false, out var items, out _).ShouldBeTrue();
        items.ShouldBe(Enumerable.Range(0, 10));
        batcher.TryTake(flush: false, out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void RowsOfLikeLengthMeet()
    {
        var batcher = new TokenBatcher<int>(new TokenBudget(1000, 100), lookAhead: 0);
        for (var index = 0; index < 20; index++)
            batcher.Add(index, Row(index, index % 2 == 0 ? 10 : 100));

        batcher.TryTake(flush: true, out _, out var shorter).ShouldBeTrue();
        batcher.TryTake(flush: true, out _, out var longer).ShouldBeTrue();

        shorter.Rows.Select(row => row.Ids.Length).ShouldAllBe(length => length == 10);
        longer.Rows.Select(row => row.Ids.Length).ShouldAllBe(length => length == 100);
    }

    [Fact]
    public void TheOldestRowIsInTheNextBatchHoweverManyFollow()
    {
        var batcher = new TokenBatcher<int>(new TokenBudget(512, 8), lookAhead: 0);
        batcher.Add(-1, Row(0, 512));
        for (var index = 0; index < 1000; index++)
            batcher.Add(index, Row(0, 5));

        batcher.TryTake(flush: false, out var items, out _).ShouldBeTrue();

        items.ShouldBe([-1]);
    }

    private static TokenChunk Row(int index, int length) => new() { Index = index, Ids = new int[length], Range = new TextRange(0, 0), TextTokens = length };
}
