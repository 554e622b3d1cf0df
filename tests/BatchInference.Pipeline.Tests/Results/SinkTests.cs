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

    // The node that leads next begins while others still do shards of the run before.
    [Fact]
    public async Task WhatAnotherNodeSweepsAwayWhileItIsWrittenIsWrittenAgain()
    {
        var other = new FolderSink(folder["results/letters"]);
        var sweeps = 0;
        var stored = await Sink.CreateAsync("jsonl/a", async (stream, token) =>
        {
            await stream.WriteAsync("first half, "u8.ToArray(), token);
            if (sweeps++ == 0)
                await other.RemoveLeftoversAsync(token);
            await stream.WriteAsync("second half"u8.ToArray(), token);
        }, default);
        stored!.Bytes.ShouldBe(23);
        (await ReadAsync("jsonl/a")).ShouldBe("first half, second half");
        Directory.GetFiles(folder["results/letters"], "*", SearchOption.AllDirectories).ShouldBe([folder["results/letters/jsonl/a"]]);
    }

    [Fact]
    public async Task AnOutputThatIsFullIsNotWrittenToAgainAtOnce()
    {
        var writes = 0;
        await Should.ThrowAsync<OutputUnavailableException>(() => Sink.CreateAsync("a", (_, _) => throw new IOException($"No space left on device, {++writes}", 28), default));
        writes.ShouldBe(1);
    }

    [Fact]
    public void TheSameFolderIsTheSamePlaceHoweverItIsWritten() =>
        new FolderSink(folder["results/letters/"]).Identity.ShouldBe(new FolderSink(folder["results/x/../letters"]).Identity);
}
