using System.Text;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Azure.Storage.Blobs;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>The published program with containers and buckets of real servers.</summary>
public sealed class StorageTests : IAsyncLifetime
{
    private Azurite azurite = null!;
    private S3Server s3 = null!;

    public async ValueTask InitializeAsync()
    {
        var (blobs, objects) = (Azurite.StartAsync(), S3Server.StartAsync());
        (azurite, s3) = (await blobs, await objects);
    }

    public ValueTask DisposeAsync()
    {
        azurite.Dispose();
        s3.Dispose();
        return ValueTask.CompletedTask;
    }

    // A few of every kind: the whole demo would only take longer.
    private static IReadOnlyList<string> Files { get; } = [.. DemoRun.Files.Where(IsChosen)];

    private static IReadOnlyList<string> Documents { get; } = [.. DemoRun.Documents.Where(IsChosen)];

    private Dictionary<string, string> Secrets => new()
    {
        ["AZURE_STORAGE_CONNECTION_STRING"] = azurite.ConnectionString,
        ["AWS_ACCESS_KEY_ID"] = S3Server.Key,
        ["AWS_SECRET_ACCESS_KEY"] = S3Server.Key,
    };

    private string S3Place(string bucket, Uri? address = null) => $$"""{ "s3": { "endpoint": "{{address ?? s3.Address}}", "bucket": "{{bucket}}", "pathStyle": true, "prefix": "" } }""";

    [Fact]
    public async Task TheDemoGoesFromContainerToContainerOnce()
    {
        var (deposits, results) = (Container("deposits"), Container("results"));
        await UploadDemoAsync(deposits);
        using var configuration = new ConfigurationFolder("""{ "azureBlob": { "container": "deposits" } }""", """{ "azureBlob": { "container": "results", "prefix": "nuit" } }""");
        (await configuration.RunAsync(Secrets, "run", "archives")).ShouldExit(0);
        var rows = await RowsAsync(results, "nuit/archives/");
        rows.Select(row => (string)row["document"]!).Order(StringComparer.Ordinal).ShouldBe(Documents);
        var etag = (await deposits.GetBlobClient((string)rows[0]["document"]!).GetPropertiesAsync()).Value.ETag;
        ((string)rows[0]["version"]!).ShouldBe(etag.ToString("H").Trim('"'));
        (await NamesAsync(results)).ShouldContain(name => name.EndsWith("/_SUCCESS", StringComparison.Ordinal));
        (await NamesAsync(results)).ShouldNotContain(name => name.Contains(".probe", StringComparison.Ordinal));

        var before = await NamesAsync(results);
        (await configuration.RunAsync(Secrets, "run", "archives")).ShouldExit(0).Output.ShouldContain("nothing to do");
        (await NamesAsync(results)).ShouldBe(before);

        await deposits.GetBlobClient("nouveau.txt").UploadAsync(new BinaryData("Le conseil municipal a adopté le budget. Les travaux de l'école commenceront en mars."));
        (await configuration.RunAsync(Secrets, "run", "archives")).ShouldExit(0);
        (await RowsAsync(results, "nuit/archives/")).Count.ShouldBe(Documents.Count + 1);
        (await configuration.RunAsync(Secrets, "export", "archives", "--to", configuration["all.jsonl"], "--existing")).ShouldExit(0);
        File.ReadLines(configuration["all.jsonl"]).Count().ShouldBe(Documents.Count + 1);
        (await configuration.RunAsync(Secrets, "doctor")).Output.ShouldContain("can be listed and read");
    }

    [Fact]
    public async Task TheDemoGoesFromBucketToContainerAndFromContainerToBucket()
    {
        var (deposits, results) = (Container("mixed-deposits"), Container("mixed-results"));
        using var client = S3Client();
        foreach (var bucket in new[] { "deposits", "results" }) await client.PutBucketAsync(bucket);
        await UploadDemoAsync(deposits);
        foreach (var name in Files)
            await client.PutObjectAsync(new PutObjectRequest { BucketName = "deposits", Key = name, FilePath = Path.Combine(DemoRun.Archive, name), UseChunkEncoding = false });

        using var there = new ConfigurationFolder(S3Place("deposits"), """{ "azureBlob": { "container": "mixed-results" } }""");
        (await there.RunAsync(Secrets, "run", "archives")).ShouldExit(0);
        (await RowsAsync(results, "archives/")).Select(row => (string)row["document"]!).Order(StringComparer.Ordinal).ShouldBe(Documents);

        using var back = new ConfigurationFolder("""{ "azureBlob": { "container": "mixed-deposits" } }""", S3Place("results"));
        (await back.RunAsync(Secrets, "run", "archives")).ShouldExit(0);
        (await RowsAsync(client, "results")).Select(row => (string)row["document"]!).Order(StringComparer.Ordinal).ShouldBe(Documents);
        (await back.RunAsync(Secrets, "run", "archives")).ShouldExit(0).Output.ShouldContain("nothing to do");
    }

    [Fact]
    public async Task AStoreWithoutConditionalWritesServesOneNode()
    {
        using var client = S3Client();
        await client.PutBucketAsync("plain");
        using var archive = new TempFolder();
        archive.Write("a.txt", "Le conseil municipal a adopté le budget. Les travaux de l'école commenceront en mars.");
        using var configuration = new ConfigurationFolder($$"""{ "folder": { "path": "{{archive.Path}}" } }""", S3Place("plain", s3.Unconditional));
        (await configuration.RunAsync(Secrets, "run", "archives")).ShouldExit(0).Errors.ShouldContain("no conditional writes");
        (await RowsAsync(client, "plain")).ShouldHaveSingleItem();

        await using var database = await PostgresServer.StartAsync();
        var shared = new Dictionary<string, string>(Secrets) { ["BATCHINFERENCE__Ledger__PostgreSql"] = database.Connection };
        var refused = (await configuration.RunAsync(shared, "run", "archives", "--again")).ShouldExit(2).Errors;
        refused.ShouldContain("jobs/archives.json: output.s3: ");
        refused.ShouldContain("has no conditional writes: of two objects of one name the later replaced the first");
        refused.ShouldContain("remove Ledger.PostgreSql");
        (await configuration.RunAsync(shared, "doctor")).ShouldExit(1).Output.ShouldContain("has no conditional writes");
        (await RowsAsync(client, "plain")).ShouldHaveSingleItem();

        // The same store behind something that keeps the first may be shared.
        await client.PutBucketAsync("kept-once");
        using var kept = new ConfigurationFolder($$"""{ "folder": { "path": "{{archive.Path}}" } }""", S3Place("kept-once"));
        (await kept.RunAsync(shared, "run", "archives")).ShouldExit(0);
        (await RowsAsync(client, "kept-once")).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task ANightThatClosesWhileTheOutputIsOutHasStoppedInGoodOrder()
    {
        var results = Container("out-at-the-close");
        // At the door it is tried with four calls; once the run has begun the storage goes, and the first part finds it gone.
        using var proxy = new StorageProxy(azurite.Address) { OutAfter = 4 };
        var secrets = new Dictionary<string, string> { ["AZURE_STORAGE_CONNECTION_STRING"] = Azurite.ConnectionStringOf(proxy.Address) };
        using var archive = new TempFolder();
        for (var number = 0; number < 30; number++) archive.Write($"{number}.txt", $"Le conseil municipal a adopté le budget numéro {number}. Les travaux de l'école commenceront en mars.");
        using var configuration = new ConfigurationFolder($$"""{ "folder": { "path": "{{archive.Path}}" } }""", """{ "azureBlob": { "container": "out-at-the-close" } }""", """{ "Tries": 1, "FailuresBeforePause": 2, "PauseSeconds": 1 }""");
        using (var worker = configuration.Start(secrets, "run", "archives"))
        {
            await worker.UntilAsync(() => worker.Errors.Contains("Paused:", StringComparison.Ordinal));
            worker.Signal(System.Runtime.InteropServices.PosixSignal.SIGTERM);
            (await worker.EndAsync()).ShouldExit(4).Output.ShouldContain("stopped in good order");
        }

        proxy.Out = false;
        (await configuration.RunAsync(secrets, "run", "archives")).ShouldExit(0);
        (await RowsAsync(results, "archives/")).Count.ShouldBe(30);
    }

    [Fact]
    public async Task WhatIsWrongWithAStorageIsToldAtTheDoor()
    {
        using var configuration = new ConfigurationFolder("""{ "azureBlob": { "container": "nothing" } }""", S3Place("nothing"), """{ "Tries": 1 }""");
        var missing = (await configuration.RunAsync(Secrets, "run", "archives")).ShouldExit(2).Errors;
        missing.ShouldContain("There is no such container");
        missing.ShouldContain("There is no such bucket");

        var wrong = Secrets;
        wrong["AZURE_STORAGE_CONNECTION_STRING"] = azurite.ConnectionString.Replace(Azurite.Key, Convert.ToBase64String(new byte[64]), StringComparison.Ordinal);
        wrong["AWS_ACCESS_KEY_ID"] = "WRONG";
        using var client = S3Client();
        await client.PutBucketAsync("kept");
        using var kept = new ConfigurationFolder("""{ "azureBlob": { "container": "nothing" } }""", S3Place("kept"), """{ "Tries": 1 }""");
        var refused = (await kept.RunAsync(wrong, "run", "archives")).ShouldExit(2).Errors;
        refused.ShouldContain("The storage refuses access");
        refused.ShouldContain("The store refuses access (InvalidAccessKeyId): it does not know the access key; check AWS_ACCESS_KEY_ID", Case.Sensitive, refused);

        var none = (await configuration.RunAsync(new Dictionary<string, string> { ["AWS_SHARED_CREDENTIALS_FILE"] = configuration["none"] }, "run", "archives")).ShouldExit(2).Errors;
        none.ShouldContain("AZURE_STORAGE_CONNECTION_STRING");
        none.ShouldContain("AWS_ACCESS_KEY_ID");
    }

    [Fact]
    public async Task AStorageInTroubleLosesNothingAndDoublesNothing()
    {
        var (deposits, results) = (Container("troubled"), Container("troubled-results"));
        await UploadDemoAsync(deposits);
        // At the door nothing pauses: of eight tries hardly all fail, as of five now and then they do.
        using var proxy = new StorageProxy(azurite.Address, seed: 3) { Share = 0.2 };
        var secrets = new Dictionary<string, string> { ["AZURE_STORAGE_CONNECTION_STRING"] = Azurite.ConnectionStringOf(proxy.Address) };
        using var configuration = new ConfigurationFolder("""{ "azureBlob": { "container": "troubled" } }""", """{ "azureBlob": { "container": "troubled-results" } }""", """{ "Tries": 8 }""");
        (await configuration.RunAsync(secrets, "run", "archives")).ShouldExit(0);

        // From now on listings may be older than this change.
        await deposits.GetBlobClient("nouveau.txt").UploadAsync(new BinaryData("Le conseil municipal a adopté le budget. Les travaux de l'école commenceront en mars."));
        await deposits.GetBlobClient(Documents[0]).UploadAsync(new BinaryData("Le maire a signé l'arrêté. La rue sera rouverte en avril."), overwrite: true);
        for (var night = 0; night < 3; night++)
            (await configuration.RunAsync(secrets, "run", "archives")).ShouldExit(0);
        proxy.Share = 0;
        (await configuration.RunAsync(secrets, "run", "archives")).ShouldExit(0);
        (await RowsAsync(results, "archives/")).Select(row => (string)row["document"]!).Order(StringComparer.Ordinal)
            .ShouldBe(Documents.Append(Documents[0]).Append("nouveau.txt").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AStorageThatIsOutPausesTheJobAndNoDocumentFails()
    {
        var deposits = Container("paused");
        await UploadDemoAsync(deposits);
        // The container is listed at the door and by the run, and some documents are read; then the storage goes.
        using var proxy = new StorageProxy(azurite.Address) { OutAfter = 6 };
        var secrets = new Dictionary<string, string> { ["AZURE_STORAGE_CONNECTION_STRING"] = Azurite.ConnectionStringOf(proxy.Address) };
        using var results = new TempFolder();
        using var configuration = new ConfigurationFolder("""{ "azureBlob": { "container": "paused" } }""", $$"""{ "folder": "{{results.Path}}" }""", """{ "Tries": 1, "FailuresBeforePause": 2, "PauseSeconds": 1 }""");
        using var worker = configuration.Start(secrets, "run", "archives");
        await worker.UntilAsync(() => worker.Errors.Contains("Paused:", StringComparison.Ordinal));
        (await configuration.RunAsync(secrets, "status", "archives")).ShouldExit(0).Output.ShouldContain(" is out (");
        proxy.Out = false;
        (await worker.EndAsync()).ShouldExit(0).Errors.ShouldContain("the job goes on");
        var folder = new ResultFolder(results, "archives");
        folder.ShouldBeInOrder(Documents);
        folder.Errors().ShouldAllBe(line => (bool)line["permanent"]!);
    }

    private BlobContainerClient Container(string name)
    {
        var container = new BlobContainerClient(azurite.ConnectionString, name, new BlobClientOptions(BlobClientOptions.ServiceVersion.V2025_11_05));
        container.Create();
        return container;
    }

    private AmazonS3Client S3Client() => ClientOf(s3);

    internal static AmazonS3Client ClientOf(S3Server server) => new(new BasicAWSCredentials(S3Server.Key, S3Server.Key), new AmazonS3Config
    {
        ServiceURL = server.Address.ToString(), AuthenticationRegion = "us-east-1", ForcePathStyle = true, RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
    });

    private static async Task UploadDemoAsync(BlobContainerClient container)
    {
        foreach (var name in Files)
            await container.GetBlobClient(name).UploadAsync(Path.Combine(DemoRun.Archive, name));
    }

    private static async Task<IReadOnlyList<string>> NamesAsync(BlobContainerClient container) => await container.GetBlobsAsync().Select(blob => blob.Name).ToListAsync();

    private static async Task<IReadOnlyList<JsonNode>> RowsAsync(BlobContainerClient container, string prefix)
    {
        var rows = new List<JsonNode>();
        foreach (var name in (await NamesAsync(container)).Where(name => name.StartsWith($"{prefix}jsonl/", StringComparison.Ordinal)))
            rows.AddRange(Rows((await container.GetBlobClient(name).DownloadContentAsync()).Value.Content.ToString()));
        return rows;
    }

    private static async Task<IReadOnlyList<JsonNode>> RowsAsync(AmazonS3Client client, string bucket)
    {
        var rows = new List<JsonNode>();
        foreach (var item in (await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket, Prefix = "archives/jsonl/" })).S3Objects)
        {
            using var answer = await client.GetObjectAsync(bucket, item.Key);
            using var reader = new StreamReader(answer.ResponseStream, Encoding.UTF8);
            rows.AddRange(Rows(await reader.ReadToEndAsync()));
        }

        return rows;
    }

    private static IEnumerable<JsonNode> Rows(string lines) => lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!);

    private static bool IsChosen(string name) => name.StartsWith("2026/", StringComparison.Ordinal) || name.StartsWith("embassy/", StringComparison.Ordinal);
}
