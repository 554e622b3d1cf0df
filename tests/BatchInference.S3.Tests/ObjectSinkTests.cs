using System.Text;
using Amazon.S3;
using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Tests.Results;
using BatchInference.Testing;

namespace BatchInference.S3.Tests;

public sealed class ObjectSinkTests(S3Servers servers) : ResultSinkContract, IAsyncLifetime
{
    private readonly AmazonS3Client client = S3Servers.Client(servers.Address);
    private string bucket = "";
    private ObjectSink? sink;

    protected override ResultSink Sink => sink!;

    public async ValueTask InitializeAsync()
    {
        bucket = await servers.NewBucketAsync();
        sink = new ObjectSink(client, bucket, "results/letters");
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task AStoreTellsWhetherItKeepsTheFirst()
    {
        using var plain = S3Servers.Client(servers.Unconditional);
        (await ConditionalWrites.AreKeptAsync(client, bucket, "results/letters", default)).ShouldBeTrue();
        (await ConditionalWrites.AreKeptAsync(plain, bucket, "results/letters", default)).ShouldBeFalse();
        (await client.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects.ShouldBeNull();
    }

    [Fact]
    public async Task OnAStoreWithoutConditionalWritesOneProcessReplacesNothing()
    {
        using var plain = S3Servers.Client(servers.Unconditional);
        var one = new ObjectSink(plain, bucket, "results/letters") { ConditionalWrites = false };
        (await one.CreateAsync("a", (stream, token) => stream.WriteAsync("first"u8.ToArray(), token).AsTask(), default)).ShouldNotBeNull();
        (await one.CreateAsync("a", (stream, token) => stream.WriteAsync("second"u8.ToArray(), token).AsTask(), default)).ShouldBeNull();
        using var reader = new StreamReader((await one.OpenAsync("a", default))!);
        (await reader.ReadToEndAsync()).ShouldBe("first");
    }

    [Fact]
    public async Task AStorageInTroubleCreatesEachFileOnceAndKnowsItsOwn()
    {
        using var proxy = new StorageProxy(servers.Address, seed: 7) { Share = 0.2 };
        using var troubled = S3Servers.Client(proxy.Address);
        var through = new ObjectSink(troubled, bucket, "results/letters");
        for (var number = 0; number < 24; number++)
            // Null would say that somebody else was first.
            (await through.CreateAsync($"{number:D3}", (stream, token) => stream.WriteAsync(Encoding.UTF8.GetBytes($"part {number}"), token).AsTask(), default)).ShouldNotBeNull();
        proxy.Calls.ShouldBeGreaterThan(24);
        (await client.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects.Count.ShouldBe(24);
    }
}
