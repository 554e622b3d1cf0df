using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Azure.Storage.Blobs;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>A night of the service where nothing may go out: not to the network, no secret and no text of a document to what it writes for admins.</summary>
public sealed class SilenceTests : IDisposable
{
    private const string Secret = "canary-5e1fe7";
    private const string Text = "Quetzalcoatlus";
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task ANightConnectsToNothingAndTellsNeitherSecretsNorTexts()
    {
        Configure();
        // A network namespace of its own: it holds a loopback and nothing else. The kernel tells each connection that is tried.
        string[] alone = ["--net", .. Environment.UserName == "root" ? Array.Empty<string>() : ["--map-root-user"], "strace", "-D", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg,execve", "-o", folder["trace"]];
        var secrets = new Dictionary<string, string>
        {
            ["BATCHINFERENCE_SECRETS"] = folder["secrets"],
            ["AZURE_CLIENT_SECRET"] = Secret,
            ["XDG_CACHE_HOME"] = folder["cache"],
        };
        using var service = WorkerProcess.StartThrough("unshare", alone, folder["state"], secrets, "service", "--config", folder["config"]);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        while (!service.Errors.Contains("ended its run", StringComparison.Ordinal))
        {
            if (limit.IsCancellationRequested) throw new TimeoutException(service.Errors);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }

        service.Signal(PosixSignal.SIGTERM);
        var ended = (await service.EndAsync()).ShouldExit(0);

        var calls = File.ReadAllLines(folder["trace"]);
        calls.ShouldContain(line => line.Contains("execve(", StringComparison.Ordinal) && line.Contains("batch-inference", StringComparison.Ordinal));
        calls.ShouldNotContain(line => line.Contains("AF_INET", StringComparison.Ordinal));
        Directory.Exists(folder["cache"]).ShouldBeFalse("ONNX Runtime's telemetry leaves an id there");

        var status = await WorkerProcess.RunAsync(folder["state"], "status", "--config", folder["config"]);
        var told = ended.Errors + ended.Output + status.Output + status.Errors;
        told.ShouldContain("broken.pdf failed at extract");
        var files = string.Concat(Directory.GetFiles(folder["state/log"]).Select(File.ReadAllText));
        files.ShouldContain("broken.pdf failed at extract");
        files.ShouldContain("debug Quartz");
        (told + files).ShouldNotContain(Text);
        (told + files).ShouldNotContain(Secret);
        foreach (var path in Directory.GetFiles(folder["results"], "*", SearchOption.AllDirectories).Concat(Directory.GetFiles(folder["state"], "*", SearchOption.AllDirectories)))
            File.ReadAllText(path, Encoding.Latin1).ShouldNotContain(Secret, customMessage: path);
    }

    [Fact]
    public async Task ANightThatTellsConnectsToWhomItIsToldAndToNobodyElse()
    {
        using var mail = new SmtpReceiver { OffersTls = false };
        using var hook = new HttpReceiver();
        using var collector = new HttpReceiver();
        Configure();
        folder.Write("config/appsettings.json", $$"""
            { "Telemetry": { "Seconds": 1, "Otlp": { "Endpoint": "{{collector.Address.GetLeftPart(UriPartial.Authority)}}" } },
              "Notices": { "Webhook": { "Url": "{{hook.Address}}hook" }, "Mail": { "Server": "127.0.0.1", "Port": {{mail.Port}}, "Security": "none", "From": "a@example.org", "To": ["b@example.org"] } } }
            """);
        using var service = WorkerProcess.StartThrough("strace", ["-D", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg,execve", "-o", folder["trace"]], folder["state"], "service", "--config", folder["config"]);
        await service.UntilAsync(() => service.Errors.Contains("was told by webhook", StringComparison.Ordinal));
        service.Signal(PosixSignal.SIGTERM);
        (await service.EndAsync()).ShouldExit(0);
        mail.Mails.ShouldHaveSingleItem();
        hook.Requests.ShouldHaveSingleItem();
        collector.Requests.ShouldNotBeEmpty();

        string Port(int port) => string.Create(CultureInfo.InvariantCulture, $"htons({port})");
        string[] told = [Port(mail.Port), Port(hook.Address.Port), Port(collector.Address.Port)];
        var calls = File.ReadAllLines(folder["trace"]).Where(line => line.Contains("AF_INET", StringComparison.Ordinal)).ToArray();
        told.ShouldAllBe(port => calls.Any(line => line.Contains(port, StringComparison.Ordinal)));
        calls.Where(line => !line.Contains("127.0.0.1", StringComparison.Ordinal) || !told.Any(port => line.Contains(port, StringComparison.Ordinal))).ShouldBeEmpty();
    }

    [Fact]
    public async Task ANightOfAContainerABucketAndADatabaseConnectsToThemAndToNobodyElse()
    {
        using var azurite = await Azurite.StartAsync();
        using var s3 = await S3Server.StartAsync();
        await using var database = await PostgresServer.StartAsync();
        var deposits = new BlobContainerClient(azurite.ConnectionString, "deposits", new BlobClientOptions(BlobClientOptions.ServiceVersion.V2025_11_05));
        await deposits.CreateAsync();
        await deposits.GetBlobClient("letter.txt").UploadAsync(new BinaryData("Le conseil municipal a adopté le budget. Les travaux de l'école commenceront en mars."));
        using (var client = StorageTests.ClientOf(s3)) await client.PutBucketAsync("results");
        using var configuration = new ConfigurationFolder("""{ "azureBlob": { "container": "deposits" } }""", $$"""{ "s3": { "endpoint": "{{s3.Address}}", "bucket": "results", "pathStyle": true } }""");
        var secrets = new Dictionary<string, string>
        {
            ["AZURE_STORAGE_CONNECTION_STRING"] = azurite.ConnectionString,
            ["AWS_ACCESS_KEY_ID"] = S3Server.Key,
            ["AWS_SECRET_ACCESS_KEY"] = S3Server.Key,
            ["BATCHINFERENCE__Ledger__PostgreSql"] = database.Connection,
        };
        using (var run = WorkerProcess.StartThrough("strace", ["-D", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg", "-o", folder["trace"]], folder["state"], secrets, "run", "archives", "--config", configuration["config"]))
            (await run.EndAsync()).ShouldExit(0).Output.ShouldContain("1 completed");

        var calls = File.ReadAllLines(folder["trace"]);
        Called("AF_INET").ShouldAllBe(line => line.Contains("127.0.0.1", StringComparison.Ordinal));
        Called("AF_INET").Select(line => Regex.Match(line, @"htons\((\d+)\)").Groups[1].Value).Distinct().Order(StringComparer.Ordinal)
            .ShouldBe(new[] { azurite.Address.Port, s3.Address.Port }.Select(port => port.ToString(CultureInfo.InvariantCulture)).Order(StringComparer.Ordinal));
        // The C library asks the machine's own cache of names, where there is one.
        Called("AF_UNIX").Select(line => Regex.Match(line, "sun_path=\"([^\"]*)\"").Groups[1].Value).Distinct().Except(["/var/run/nscd/socket"]).ShouldBe([$"{database.Connection.Split(';')[0]["Host=".Length..]}/.s.PGSQL.5432"]);
        Called("AF_").Count().ShouldBe(Called("AF_INET").Count() + Called("AF_UNIX").Count());

        IEnumerable<string> Called(string family) => calls.Where(line => line.Contains(family, StringComparison.Ordinal));
    }

    private void Configure()
    {
        var now = TimeProvider.System.GetUtcNow();
        string Clock(int hours) => now.AddHours(hours).ToString("HH:mm", CultureInfo.InvariantCulture);
        folder.Write("config/appsettings.json", """{ "Logging": { "Level": "trace", "Categories": { "Quartz": "trace" } } }""");
        Directory.CreateSymbolicLink(folder["config/models"], Repository.At("config/models"));
        Directory.CreateSymbolicLink(folder["config/labels"], Repository.At("config/labels"));
        folder.Write("config/jobs/letters.json",
            $$"""
            { "schedule": [ { "opens": "{{Clock(-2)}}", "closes": "{{Clock(6)}}", "timeZone": "UTC" } ],
              "source": { "folder": { "path": "{{folder["archive"]}}" } },
              "tasks": { "topic": { "classify": { "labels": "topics" } }, "summary": { "summarize": { "sentences": 1 } } }, "output": { "folder": "{{folder["results"]}}" } }
            """);
        folder.Write("secrets/AZURE_STORAGE_KEY", Secret);
        folder.Write("archive/letter.txt", $"The museum has bought the bones of a {Text}. They are shown from May on.");
        folder.Write("archive/page.html", $"<html><body><p>The {Text} flew over the village.<p>");
        folder.Write("archive/broken.pdf", $"%PDF-1.4\n1 0 obj << /{Text} [ ({Text}) >> endobj trailer << /Root 1 0 R >>");
        folder.Write("archive/broken.eml", $"From: {Text}\nContent-Type: multipart/mixed; boundary=\"{Text}\n\n--{Text}\n{Text}");
    }
}
