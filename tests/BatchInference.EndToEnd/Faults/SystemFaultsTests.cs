using BatchInference.Testing;

namespace BatchInference.EndToEnd.Faults;

/// <summary>What the program finds of the operating system, and of the storages of others.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class SystemFaultsTests : FaultyMachine
{
    [Fact]
    public async Task TooFewFilesMayBeOpen()
    {
        (await RunAfterAsync("ulimit -n 60")).ShouldExit(2).Errors.TrimEnd().ShouldBe("This process may have 60 files open, and needs 256 at least. Raise the limit (ulimit -n, or LimitNOFILE= of the unit).");
        (await RunAfterAsync("ulimit -n 256")).ShouldExit(0);
    }

    [Fact]
    public async Task ASystemWithoutIcu() =>
        (await RunAfterAsync("for library in $(find / -xdev -name 'libicu*.so.*' 2> /dev/null); do mount --bind /dev/null \"$library\"; done")).ShouldExit(134).Errors
            .ShouldStartWith("Process terminated.\nCouldn't find a valid ICU package installed on the system. Please install libicu (or icu-libs) using your package manager and try again.");

    [Fact]
    public async Task APortThatIsTaken()
    {
        using var other = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        Settings = $$"""{ "Models": { "Default": "tiny" }, "Health": { "Listen": "{{other.LocalEndpoint}}" } }""";
        using var service = WorkerProcess.Start(Folder["state"], "service", "--config", Folder["config"]);
        (await service.EndAsync()).ShouldExit(2).Errors.Split('\n').ShouldContain($"appsettings.json: Health.Listen: {other.LocalEndpoint} is taken by another program, or by another service of this one. Stop that one, or write another port.");
    }

    [Fact]
    public async Task ALocaleOfContainersThatChangesNothing()
    {
        (await Archive.RunAsync("state", new Dictionary<string, string> { ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1", ["LC_ALL"] = "xx_YY.nothing" })).ShouldExit(0);
        var there = Archive.Results.Rows().Select(row => row["results"]!.ToJsonString()).ToArray();
        Directory.Delete(Folder["results"], recursive: true);
        (await Archive.RunAsync("another")).ShouldExit(0);
        Archive.Results.Rows().Select(row => row["results"]!.ToJsonString()).ShouldBe(there);
    }

    [Fact]
    public async Task AContainerThatThereIsNot()
    {
        using var azurite = await Azurite.StartAsync();
        Job = Job.Replace($$"""{ "folder": { "path": "{{Folder["archive"]}}" } }""", """{ "azureBlob": { "container": "deposits" } }""", StringComparison.Ordinal);
        await ShouldTellAsync(2, $"jobs/letters.json: {azurite.Address}{Azurite.Account}/deposits/ cannot be listed. There is no such container; create it, or write another name. Nothing is created but blobs.", new Dictionary<string, string> { ["AZURE_STORAGE_CONNECTION_STRING"] = azurite.ConnectionString });
    }

    [Fact]
    public async Task ASignatureThatHasRunOut()
    {
        using var azurite = await Azurite.StartAsync();
        var container = new Azure.Storage.Blobs.BlobContainerClient(azurite.ConnectionString, "deposits", new Azure.Storage.Blobs.BlobClientOptions(Azure.Storage.Blobs.BlobClientOptions.ServiceVersion.V2025_11_05));
        await container.CreateAsync();
        var yesterday = TimeProvider.System.GetUtcNow().AddDays(-1);
        var signature = container.GenerateSasUri(Azure.Storage.Sas.BlobContainerSasPermissions.Read | Azure.Storage.Sas.BlobContainerSasPermissions.List, yesterday).Query;
        Job = Job.Replace($$"""{ "folder": { "path": "{{Folder["archive"]}}" } }""", $$"""{ "azureBlob": { "account": "{{azurite.Address}}{{Azurite.Account}}", "container": "deposits" } }""", StringComparison.Ordinal);
        await ShouldTellAsync(2, $"AZURE_STORAGE_SAS_TOKEN: the shared access signature expired on {yesterday.UtcDateTime:yyyy-MM-dd HH:mm} UTC. Have a new one issued, one that lasts longer than the nights it is for.", new Dictionary<string, string> { ["AZURE_STORAGE_SAS_TOKEN"] = signature });
    }
}
