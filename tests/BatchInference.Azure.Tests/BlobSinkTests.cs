using System.Text;
using Azure.Storage.Blobs;
using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Tests.Results;
using BatchInference.Testing;

namespace BatchInference.Azure.Tests;

public sealed class BlobSinkTests : ResultSinkContract
{
    private readonly AzuriteServer server;
    private readonly BlobContainerClient container;

    public BlobSinkTests(AzuriteServer server)
    {
        this.server = server;
        container = server.NewContainer();
        Sink = new BlobSink(container, "results/letters");
    }

    protected override ResultSink Sink { get; }

    [Fact]
    public async Task ABlobLiesBelowPrefixAndJobWithItsChecksum()
    {
        await CreateAsync("_runs/r/_SUCCESS", "");
        await CreateAsync("jsonl/a.jsonl", "{}\n");
        var properties = (await container.GetBlobClient("results/letters/jsonl/a.jsonl").GetPropertiesAsync()).Value;
        Convert.ToHexString(properties.ContentHash).ShouldBe("8A80554C91D9FCA8ACB82F023DE02F11");
    }

    [Fact]
    public async Task AStorageInTroubleCreatesEachFileOnceAndKnowsItsOwn()
    {
        using var proxy = new StorageProxy(server.Address, seed: 7) { Share = 0.2 };
        var sink = new BlobSink(AzuriteServer.Container(proxy.Address, container.Name), "results/letters");
        for (var number = 0; number < 60; number++)
            // Null would say that somebody else was first.
            (await sink.CreateAsync($"{number:D3}", (stream, token) => stream.WriteAsync(Encoding.UTF8.GetBytes($"part {number}"), token).AsTask(), default)).ShouldNotBeNull();
        proxy.Done[Fault.CutAfter].ShouldBeGreaterThan(0);
        (await container.GetBlobsAsync().CountAsync()).ShouldBe(60);
    }
}
