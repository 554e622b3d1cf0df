using System.Text.RegularExpressions;

namespace BatchInference.Testing;

/// <summary>Microsoft's emulator of Azure Blob Storage, in memory.</summary>
public sealed partial class Azurite : IDisposable
{
    public const string Account = "devstoreaccount1";

    // Public, the same everywhere: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
    public const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly TestServer server;

    private Azurite(TestServer server) => this.server = server;

    public Uri Address => server.Address;

    public string ConnectionString => ConnectionStringOf(Address);

    /// <summary>The connection string of the emulator behind a proxy.</summary>
    public static string ConnectionStringOf(Uri address) =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint={address.GetLeftPart(UriPartial.Authority)}/{Account};";

    public static async Task<Azurite> StartAsync() => new(await TestServer.StartAsync(
        "azurite/dist/src/blob/main.js", Ready(), "--inMemoryPersistence", "--silent", "--disableTelemetry", "--blobHost", "127.0.0.1", "--blobPort", "0"));

    public void Dispose() => server.Dispose();

    [GeneratedRegex("successfully listens on http://(\\S+)")]
    private static partial Regex Ready();
}
