using Amazon.Runtime;
using Amazon.S3;
using BatchInference.Testing;

[assembly: AssemblyFixture(typeof(BatchInference.S3.Tests.S3Servers))]

namespace BatchInference.S3.Tests;

/// <summary>One server for all tests, each with a bucket of its own.</summary>
public sealed class S3Servers : IAsyncLifetime
{
    private S3Server server = null!;

    /// <summary>With conditional writes.</summary>
    public Uri Address => server.Address;

    /// <summary>The server itself, which replaces what is there.</summary>
    public Uri Unconditional => server.Unconditional;

    public async ValueTask InitializeAsync() => server = await S3Server.StartAsync();

    public ValueTask DisposeAsync()
    {
        server.Dispose();
        return ValueTask.CompletedTask;
    }

    public async Task<string> NewBucketAsync()
    {
        var name = $"test-{Guid.NewGuid():N}";
        using var client = Client(Unconditional);
        await client.PutBucketAsync(name);
        return name;
    }

    public static AmazonS3Client Client(Uri address) => new(new BasicAWSCredentials(S3Server.Key, S3Server.Key), new AmazonS3Config
    {
        ServiceURL = address.ToString(),
        AuthenticationRegion = "us-east-1",
        ForcePathStyle = true,
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
        RetryMode = RequestRetryMode.Standard,
        MaxErrorRetry = 5,
    });
}
