using BatchInference.Models.Onnx;
using CsCheck;

namespace BatchInference.Models.Tests.Onnx;

public sealed class FittingBatchTests
{
    [Fact]
    public void WithoutTroubleABatchIsRunWhole()
    {
        var batch = new FittingBatch();
        var parts = new List<(int, int)>();

        batch.Run([3, 9, 4], (from, count) => parts.Add((from, count)));

        parts.ShouldBe([(0, 3)]);
        batch.Most.ShouldBe(long.MaxValue);
    }

    [Fact]
    public void WhatMindsCompanyIsRunRowByRow()
    {
        var parts = new List<(int, int)>();
        new FittingBatch(alone: true).Run([3, 9, 4], (from, count) => parts.Add((from, count)));
        parts.ShouldBe([(0, 1), (1, 1), (2, 1)]);
    }

    [Fact]
    public void ARowAloneIsAlwaysTried()
    {
        var batch = new FittingBatch();
        Should.Throw<DeviceMemoryException>(() => batch.Run([5, 5], (_, _) => throw Exhausted()));

        batch.Run([1_000], (_, count) => count.ShouldBe(1));
    }

    [Fact]
    public void OtherErrorsAreNotTakenForAWantOfMemory()
    {
        var batch = new FittingBatch();

        Should.Throw<InvalidOperationException>(() => batch.Run([5, 5], (_, _) => throw new InvalidOperationException()));
        batch.Most.ShouldBe(long.MaxValue);
    }

    [Fact]
    public void EveryRowIsRunOnceInItsPlaceWhateverTheMemory() =>
        Gen.Select(Gen.Int[1, 40].List[1, 30], Gen.Int[40, 400]).Sample((lengths, memory) =>
        {
            var batch = new FittingBatch();
            var failed = 0;
            for (var night = 0; night < 20; night++)
            {
                var done = new List<int>();
                batch.Run(lengths, (from, count) =>
                {
                    if (count * lengths.Skip(from).Take(count).Max() > memory)
                    {
                        failed++;
                        throw Exhausted();
                    }

                    done.AddRange(Enumerable.Range(from, count));
                });
                if (!done.SequenceEqual(Enumerable.Range(0, lengths.Count)))
                    return false;
            }

            // Each failure halves the limit, from at most 30 × 40 tokens down to the 40 that always fit.
            return failed <= Math.Log2(30 * 40 / 40) + 1;
        });

    [Theory]
    [InlineData("Non-zero status code returned while running MatMul node. Status Message: bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 4294967296")]
    [InlineData("CUDA failure 2: out of memory ; GPU=0 ; hostname=worker ; file=cuda_allocator.cc")]
    [InlineData("Available memory of 1024 is smaller than requested bytes of 4096")]
    [InlineData("Exception(1) tid(2) 8007000E Not enough memory resources are available to complete this operation.")]
    public void TheLibrarysWordsForAWantOfMemoryAreKnown(string message) => DeviceMemoryException.IsTold(message).ShouldBeTrue();

    [Fact]
    public void OtherWordsAreNot() => DeviceMemoryException.IsTold("Non-zero status code returned while running Gather node. indices element out of data bounds, idx=9 must be within the inclusive range [-5,4]").ShouldBeFalse();

    private static DeviceMemoryException Exhausted() => new("test", new InvalidOperationException("out of memory"));
}
