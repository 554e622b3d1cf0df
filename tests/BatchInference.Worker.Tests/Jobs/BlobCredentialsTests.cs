using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using BatchInference.Azure;
using BatchInference.Documents;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs.Storages;

namespace BatchInference.Worker.Tests.Jobs;

/// <summary>Each kind of secret against a real server, and what an admin reads when it does not open the door.</summary>
public sealed class BlobCredentialsTests : IAsyncLifetime
{
    private const string Key = "jobs/archives.json: source.azureBlob";

    private Azurite azurite = null!;
    private BlobContainerClient container = null!;

    public async ValueTask InitializeAsync()
    {
        azurite = await Azurite.StartAsync();
        container = new BlobContainerClient(azurite.ConnectionString, "deposits", new BlobClientOptions(BlobClientOptions.ServiceVersion.V2025_11_05));
        await container.CreateAsync();
        await container.GetBlobClient("a.txt").UploadAsync(new BinaryData("text"));
    }

    public ValueTask DisposeAsync()
    {
        azurite.Dispose();
        return ValueTask.CompletedTask;
    }

    private string Account => $"{azurite.Address.GetLeftPart(UriPartial.Authority)}/{Azurite.Account}";

    [Fact]
    public async Task AConnectionStringAKeyAndASignatureEachOpenTheContainer()
    {
        (await ListAsync(null, ("AZURE_STORAGE_CONNECTION_STRING", azurite.ConnectionString))).ShouldBe(["a.txt"]);
        (await ListAsync(Account, ("AZURE_STORAGE_KEY", Azurite.Key))).ShouldBe(["a.txt"]);
        (await ListAsync(Account, ("AZURE_STORAGE_SAS_TOKEN", Signature(TimeSpan.FromHours(1))))).ShouldBe(["a.txt"]);
        (await ListAsync(Account, ("AZURE_STORAGE_SAS_TOKEN", "?" + Signature(TimeSpan.FromHours(1))))).ShouldBe(["a.txt"]);
        (await ListAsync(null, ("AZURE_STORAGE_CONNECTION_STRING", $"BlobEndpoint={Account};SharedAccessSignature={Signature(TimeSpan.FromHours(1))}"))).ShouldBe(["a.txt"]);
    }

    [Theory]
    [InlineData("AZURE_STORAGE_SAS_TOKEN")]
    [InlineData("AZURE_STORAGE_CONNECTION_STRING")]
    public async Task AnExpiredSignatureIsToldWithItsDayBeforeAnybodyIsAsked(string variable)
    {
        var signature = Signature(TimeSpan.FromMinutes(-5));
        var failure = await Should.ThrowAsync<ConfigurationException>(() => ListAsync(Account, (variable, variable.EndsWith("TOKEN", StringComparison.Ordinal) ? signature : $"BlobEndpoint={Account};SharedAccessSignature={signature}")));
        failure.Errors.ShouldHaveSingleItem().ShouldMatch($@"^{variable}: the shared access signature expired on \d{{4}}-\d\d-\d\d \d\d:\d\d UTC\. Have a new one issued, one that lasts longer than the nights it is for\.$");
    }

    [Fact]
    public async Task ASignatureOfAnotherKeyIsRefusedByTheStorage()
    {
        var forged = Signature(TimeSpan.FromHours(1));
        forged = forged[..forged.IndexOf("sig=", StringComparison.Ordinal)] + "sig=" + Uri.EscapeDataString(Convert.ToBase64String(new byte[32]));
        var failure = await Should.ThrowAsync<IOException>(() => ListAsync(Account, ("AZURE_STORAGE_SAS_TOKEN", forged)));
        failure.Message.ShouldContain("The storage refuses access");
        failure.ShouldNotBeOfType<StorageUnavailableException>();
        failure.ToString().ShouldNotContain("sig=");
    }

    [Fact]
    public async Task AKeyThatIsNotWholeIsToldByItsVariable() =>
        (await Should.ThrowAsync<ConfigurationException>(() => ListAsync(Account, ("AZURE_STORAGE_KEY", Azurite.Key[..^3])))).Errors.ShouldBe(["AZURE_STORAGE_KEY: the key of the account is not whole. Copy it again from the account's access keys."]);

    private string Signature(TimeSpan ends)
    {
        var now = TimeProvider.System.GetUtcNow();
        return container.GenerateSasUri(new BlobSasBuilder(BlobContainerSasPermissions.Read | BlobContainerSasPermissions.List, now + ends) { BlobContainerName = container.Name, StartsOn = now - TimeSpan.FromHours(1) }).Query.TrimStart('?');
    }

    private static async Task<List<string>> ListAsync(string? account, params (string Name, string Value)[] secrets)
    {
        var opened = BlobContainers.Open(new BlobSettings { Account = account, Container = "deposits" }, new StorageSettings { Tries = 1 }, new GivenSecrets(name => secrets.FirstOrDefault(one => one.Name == name).Value), Key);
        return await new BlobSource(opened, "", NameFilter.All).ListAsync(default).Select(document => document.Id.Path).ToListAsync();
    }
}
