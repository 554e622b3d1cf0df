using Azure.Storage.Blobs;
using BatchInference.Testing;

[assembly: AssemblyFixture(typeof(BatchInference.Azure.Tests.AzuriteServer))]

namespace BatchInference.Azure.Tests;

/// <summary>One emulator for all tests, each with a container of its own.</summary>
public sealed class AzuriteServer : IAsyncLifetime
{
    private Azurite azurite = null!;

    public Uri Address => azurite.Address;

    public async ValueTask InitializeAsync() => azurite = await Azurite.StartAsync();

    public ValueTask DisposeAsync()
    {
        azurite.Dispose();
        return ValueTask.CompletedTask;
    }

    public BlobContainerClient NewContainer()
    {
        var container = Container(azurite.Address, $"test-{Guid.NewGuid():N}");
        container.Create();
        return container;
    }

    /// <summary>The same container by another address, such as a proxy's.</summary>
    public static BlobContainerClient Container(Uri address, string name)
    {
        var options = new BlobClientOptions(BlobClientOptions.ServiceVersion.V2025_11_05);
        options.Retry.Delay = TimeSpan.FromMilliseconds(20);
        options.Retry.MaxDelay = TimeSpan.FromMilliseconds(200);
        return new BlobContainerClient(Azurite.ConnectionStringOf(address), name, options);
    }
}
