using Amazon.S3;
using Amazon.S3.Model;
using BatchInference.Documents;
using BatchInference.Documents.Tests;
using BatchInference.Testing;

namespace BatchInference.S3.Tests;

public sealed class ObjectSourceTests(S3Servers servers) : DocumentSourceContract, IAsyncLifetime
{
    private readonly AmazonS3Client client = S3Servers.Client(servers.Address);
    private string bucket = "";

    public async ValueTask InitializeAsync() => bucket = await servers.NewBucketAsync();

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    // s3rver lists as its disk does: what follows a slash first. S3 itself lists by UTF-8 bytes.
    protected override bool ListsInOrdinalOrder => false;

    protected override DocumentSource Source(NameFilter names) => new ObjectSource(client, bucket, "", names);

    protected override Task PutAsync(string name, string text) => client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = name, ContentBody = text, UseChunkEncoding = false });

    protected override Task RemoveAsync(string name) => client.DeleteObjectAsync(bucket, name);

    [Fact]
    public async Task OnlyWhatBeginsWithThePrefixIsListedUnderItsWholeName()
    {
        await PutAsync("2025/a.txt", "a");
        await PutAsync("2026/b.txt", "b");
        await PutAsync("2026/", "");
        (await new ObjectSource(client, bucket, "2026/", NameFilter.All).ListAsync(default).Select(document => document.Id.Path).ToListAsync()).ShouldBe(["2026/b.txt"]);
    }

    [Fact]
    public async Task ABucketThatThereIsNotIsToldWithTheRemedy() =>
        (await Should.ThrowAsync<IOException>(async () => await new ObjectSource(client, "nothing", "", NameFilter.All).ListAsync(default).ToListAsync()))
            .Message.ShouldEndWith("/nothing/ cannot be listed. There is no such bucket; create it, or write another name. Nothing is created but objects.");

    // Answers of the API's reference, "Error responses": s3rver takes any signature, and looks at neither session tokens nor the clock.
    [Theory]
    [InlineData(403, "SignatureDoesNotMatch", "The store refuses access (SignatureDoesNotMatch): the secret key is not that of the access key; check AWS_SECRET_ACCESS_KEY.")]
    [InlineData(400, "ExpiredToken", "The store refuses access (ExpiredToken): the session token has expired or is not of these keys; give new ones.")]
    [InlineData(400, "InvalidToken", "The store refuses access (InvalidToken): the session token has expired or is not of these keys; give new ones.")]
    [InlineData(403, "RequestTimeTooSkewed", "The store refuses access (RequestTimeTooSkewed): the clock of this machine differs from the store's by minutes; set it, by NTP at best.")]
    [InlineData(403, "AccessDenied", "The store refuses access (AccessDenied); check the keys that the service is given and the bucket's policy (s3:ListBucket and s3:GetObject for a source, s3:PutObject and s3:DeleteObject too for an output).")]
    [InlineData(301, "PermanentRedirect", "The bucket lies in another region (PermanentRedirect); set the key region, and the endpoint where one is set, to those of the bucket.")]
    public async Task ARefusalIsToldWithItsRemedy(int status, string code, string told)
    {
        using var store = new HttpReceiver { Answer = _ => status, Body = $"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>No.</Message><RequestId>1</RequestId></Error>" };
        using var refused = S3Servers.Client(store.Address);
        (await RefusedAsync(refused)).ShouldEndWith(told);
    }

    private async Task<string> RefusedAsync(AmazonS3Client with) =>
        (await Should.ThrowAsync<IOException>(async () => await new ObjectSource(with, bucket, "", NameFilter.All).ListAsync(default).ToListAsync())).Message;

    [Fact]
    public async Task ABrokenDownloadGoesOnWhereItBroke()
    {
        var random = new Random(11);
        var texts = Enumerable.Range(0, 24).ToDictionary(number => $"{number:D3}.txt", number => new string('x', random.Next(1, 200_000)) + number);
        foreach (var (name, text) in texts) await PutAsync(name, text);
        using var proxy = new StorageProxy(servers.Address, seed: 5) { Share = 0.2 };
        using var troubled = S3Servers.Client(proxy.Address);
        var read = new Dictionary<string, string>();
        await foreach (var document in new ObjectSource(troubled, bucket, "", NameFilter.All).ListAsync(default))
            read[document.Id.Path] = await ReadAsync(document);
        read.ShouldBe(texts);
        proxy.Calls.ShouldBeGreaterThan(25);
    }
}
