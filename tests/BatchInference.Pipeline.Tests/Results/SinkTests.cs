using BatchInference.Pipeline.Results;
using BatchInference.Testing;

namespace BatchInference.Pipeline.Tests.Results;

public sealed class MemorySinkTests : ResultSinkContract
{
    protected override ResultSink Sink { get; } = new MemorySink();
}

public sealed class FolderSinkTests : ResultSinkContract, IDisposable
{
    private readonly TempFolder folder = new();

    public FolderSinkTests() => Sink = new FolderSink(folder["results/letters"]);

    protected override ResultSink Sink { get; }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task WhatAKilledRunLeftHalfWrittenIsRemoved()
    {
        folder.Write("results/letters/.incoming/half", "half");
        await CreateAsync("a", "x");
        await Sink.RemoveLeftoversAsync(default);
        Directory.GetFiles(folder["results/letters"], "*", SearchOption.AllDirectories).ShouldBe([folder["results/letters/a"]]);
    }

    [Fact]
    public void TheSameFolderIsTheSamePlaceHoweverItIsWritten() =>
        new FolderSink(folder["results/letters/"]).Identity.ShouldBe(new FolderSink(folder["results/x/../letters"]).Identity);
}
