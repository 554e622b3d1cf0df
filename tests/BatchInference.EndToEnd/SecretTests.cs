using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>A canary in every secret place: whatever verb is called and whatever goes wrong, none of them is ever told or written.</summary>
public sealed class SecretTests : IDisposable
{
    private readonly TinyArchive archive = new(8);
    private readonly HttpReceiver refusing = new() { Answer = _ => 403 };
    private readonly SmtpReceiver mail = new() { OffersTls = false, Account = ("archives", "another") };
    private readonly Dictionary<string, string> canaries = [];
    private readonly StringBuilder told = new();

    public void Dispose()
    {
        archive.Dispose();
        refusing.Dispose();
        mail.Dispose();
    }

    [Fact]
    public async Task SecretsOfTheEnvironmentAreNotToldByVerbsThatStoragesRefuse()
    {
        Configure("{}");
        var environment = Storages();
        foreach (var job in (string[])["by-key", "by-signature", "by-string"])
            (await CallAsync(environment, "run", job)).ShouldExit(2).Errors.ShouldContain($"jobs/{job}.json: ");
        (await CallAsync(environment, "doctor")).ShouldExit(1).Output.ShouldContain("BAD   job by-signature");
        await CallAsync(environment, "status");
        await CallAsync(environment, "export", "by-key", "--to", archive.Folder["view.csv"]);
        // They were used, so they could have been told.
        refusing.Requests.ShouldContain(request => request.Target.Contains($"sig={canaries["signature"]}", StringComparison.Ordinal));
        refusing.Requests.ShouldContain(request => request.Header("x-amz-security-token") == canaries["session"]);
        ShouldBeSilent();
    }

    [Fact]
    public async Task SecretsOfAFolderAreNotToldWhereTheDatabaseIsAway()
    {
        Configure("""{ "PostgreSql": "Host=127.0.0.1;Port=1;Username=batch", "OutageSeconds": 0 }""");
        archive.Folder.Write("secrets/PGPASSWORD", Canary("PGPASSWORD"));
        foreach (var (name, value) in Storages())
            archive.Folder.Write($"secrets/{name}", value);
        var environment = new Dictionary<string, string> { ["BATCHINFERENCE_SECRETS"] = archive.Folder["secrets"] };
        foreach (var arguments in (string[][])[["run", "letters"], ["status"], ["jobs"], ["failures", "letters"], ["service"]])
            (await CallAsync(environment, arguments)).ShouldExit(2).Errors.ShouldContain("Ledger.PostgreSql: the database of the ledger cannot be used");
        (await CallAsync(environment, "doctor")).ShouldExit(1);

        // The same with a connection string that brings its password, and with one that is none.
        environment["BATCHINFERENCE__Ledger__PostgreSql"] = $"Host=127.0.0.1;Port=1;Username=batch;Password={Canary("whole")}";
        (await CallAsync(environment, "run", "letters")).ShouldExit(2);
        environment["BATCHINFERENCE__Ledger__PostgreSql"] = $"Host=127.0.0.1;Password=a;{Canary("rest")}=b";
        (await CallAsync(environment, "run", "letters")).ShouldExit(2).Errors.ShouldContain("this is no connection string");
        ShouldBeSilent();
    }

    [Fact]
    public async Task TheDatabaseLetsInAPasswordThatCameAsACredentialAndNoOther()
    {
        await using var server = await PostgresServer.StartAsync();
        var connection = await server.CreateDatabaseAsync();
        archive.Folder.Write("credentials/PGPASSWORD", Canary("right"));
        await server.SetPasswordAsync(canaries["right"]);
        await server.RequirePasswordAsync();
        Configure($$"""{ "PostgreSql": "{{connection}}", "OutageSeconds": 0 }""");
        (await CallAsync(new() { ["CREDENTIALS_DIRECTORY"] = archive.Folder["credentials"] }, "run", "letters")).ShouldExit(0);
        (await CallAsync(new() { ["PGPASSWORD"] = Canary("wrong") }, "status")).ShouldExit(2).Errors.ShouldContain("password authentication failed");
        ShouldBeSilent();
    }

    [Fact]
    public async Task CredentialsAreNotToldByANightWhoseMailWebhookAndCollectorRefuseIt()
    {
        Configure("{}");
        archive.Folder.Write("credentials/BATCHINFERENCE_SMTP_PASSWORD", Canary("smtp"));
        archive.Folder.Write("credentials/BATCHINFERENCE_WEBHOOK_URL", $"{refusing.Address}{Canary("url")}");
        archive.Folder.Write("credentials/BATCHINFERENCE_WEBHOOK_AUTHORIZATION", $"Bearer {Canary("hook")}");
        archive.Folder.Write("credentials/OTEL_EXPORTER_OTLP_HEADERS", $"Authorization=Bearer {Canary("otlp")}");
        foreach (var (name, value) in Storages())
            archive.Folder.Write($"credentials/{name}", value);
        archive.Folder.Write("config/appsettings.json", Settings("{}")[..^1] + $$"""
            , "Telemetry": { "Seconds": 1, "Otlp": { "Endpoint": "{{refusing.Address.GetLeftPart(UriPartial.Authority)}}" } },
              "Notices": { "Webhook": { }, "Mail": { "Server": "127.0.0.1", "Port": {{mail.Port}}, "Security": "none", "From": "a@example.org", "To": ["b@example.org"], "User": "archives" } } }
            """);
        var environment = new Dictionary<string, string> { ["CREDENTIALS_DIRECTORY"] = archive.Folder["credentials"] };
        using (var service = WorkerProcess.Start(archive.Folder["state"], environment, "service", "--config", archive.Folder["config"]))
        {
            await service.UntilAsync(() => service.Errors.Contains("could not be told by webhook", StringComparison.Ordinal) && service.Errors.Contains("do not reach", StringComparison.Ordinal));
            service.Signal(PosixSignal.SIGTERM);
            Add((await service.EndAsync()).ShouldExit(0));
        }

        mail.Said.ShouldContain(line => line.StartsWith("AUTH", StringComparison.Ordinal));
        refusing.Requests.ShouldContain(request => request.Header("Authorization") == $"Bearer {canaries["hook"]}");
        refusing.Requests.ShouldContain(request => request.Header("Authorization") == $"Bearer {canaries["otlp"]}");
        await CallAsync(environment, "status");
        ShouldBeSilent();
    }

    [Theory]
    [InlineData("output", 1)]
    [InlineData("thread", 134)]
    [InlineData("run", 1)]
    [InlineData("publish part", 1)]
    public async Task SecretsAreNotToldByAFaultOfTheProgramWhoseTextHoldsThem(string where, int exitCode)
    {
        var environment = Faulty(where);
        var ended = (await CallAsync(environment, "run", "letters")).ShouldExit(exitCode);
        (where == "publish part" ? ended.Output : ended.Errors).ShouldContain("The answer was [secret] [secret]");
        if (where != "publish part")
            ended.Errors.ShouldStartWith("This is a fault of the program; please report it with these lines.", customMessage: ended.Errors);
        environment.Remove("FAULT_AT");
        await CallAsync(environment, "status");
        ShouldBeSilent();
    }

    [Theory]
    [InlineData("run", "Job letters could not run this night")]
    [InlineData("publish part", "ended its run")]
    public async Task SecretsAreNotLoggedByANightWhoseFaultHoldsThem(string where, string says)
    {
        var environment = Faulty(where);
        using (var service = WorkerProcess.Start(archive.Folder["state"], environment, "service", "--config", archive.Folder["config"]))
        {
            await service.UntilAsync(() => service.Errors.Contains(says, StringComparison.Ordinal));
            service.Signal(PosixSignal.SIGTERM);
            Add((await service.EndAsync()).ShouldExit(0));
        }

        Directory.GetFiles(archive.Folder["state/log"]).Select(File.ReadAllText).ShouldContain(text => text.Contains("System.InvalidOperationException: The answer was [secret] [secret]", StringComparison.Ordinal));
        File.Exists(archive.Folder["state/health.json"]).ShouldBeTrue();
        ShouldBeSilent();
    }

    // Secrets of every kind, and a fault whose text would tell all of them.
    private Dictionary<string, string> Faulty(string where)
    {
        Configure("{}");
        archive.Folder.Write("config/appsettings.json", Settings("{}")[..^1] + $$""", "Health": { "File": "{{archive.Folder["state/health.json"]}}" } }""");
        archive.Folder.Write("credentials/PGPASSWORD", Canary("database"));
        archive.Folder.Write("credentials/BATCHINFERENCE_SMTP_PASSWORD", Canary("smtp"));
        archive.Folder.Write("credentials/BATCHINFERENCE_WEBHOOK_URL", $"https://hooks.example.org/{Canary("url")}/T0");
        archive.Folder.Write("credentials/BATCHINFERENCE_WEBHOOK_AUTHORIZATION", $"Bearer {Canary("hook")}");
        archive.Folder.Write("credentials/OTEL_EXPORTER_OTLP_HEADERS", $"Authorization=Bearer%20{Canary("otlp")},x-key={Canary("header")}");
        return new(Storages())
        {
            ["CREDENTIALS_DIRECTORY"] = archive.Folder["credentials"],
            ["DOTNET_STARTUP_HOOKS"] = Repository.At(".artifacts/bin/BatchInference.FallibleWorker/release/BatchInference.FallibleWorker.dll"),
            ["FAULT_AT"] = where,
            ["FAULT_TEXT"] = $"The answer was {string.Join(' ', canaries.Values)} {Uri.EscapeDataString(canaries["key"])}",
        };
    }

    private static string Clock(int hours) => TimeProvider.System.GetUtcNow().AddHours(hours).ToString("HH:mm", CultureInfo.InvariantCulture);

    private static string Settings(string ledger) => $$"""
        { "Models": { "Default": "tiny" }, "Logging": { "Level": "trace", "Categories": { "Quartz": "trace" } }, "Ledger": {{ledger}}, "Storage": { "Tries": 1, "RequestSeconds": 10 } }
        """.Trim();

    private void Configure(string ledger)
    {
        archive.Folder.Write("config/appsettings.json", Settings(ledger));
        var tasks = """ "tasks": { "topic": { "classify": { "model": "tiny" } } } """;
        var folder = $$"""{ "folder": "{{archive.Folder["results"]}}" }""";
        archive.Folder.Write("config/jobs/letters.json", $$"""
            { "schedule": [ { "opens": "{{Clock(-2)}}", "closes": "{{Clock(6)}}", "timeZone": "UTC" } ], "source": { "folder": { "path": "{{archive.Folder["archive"]}}" } }, {{tasks}}, "output": {{folder}} }
            """);
        archive.Folder.Write("config/jobs/by-string.json", $$"""{ "source": { "azureBlob": { "container": "deposits" } }, {{tasks}}, "output": {{folder}} }""");
        archive.Folder.Write("config/jobs/by-signature.json", $$"""{ "source": { "azureBlob": { "account": "{{refusing.Address}}archives", "container": "deposits" } }, {{tasks}}, "output": {{folder}} }""");
        archive.Folder.Write("config/jobs/by-key.json", $$"""{ "source": { "azureBlob": { "account": "{{refusing.Address}}archives", "container": "deposits" } }, {{tasks}}, "output": { "s3": { "endpoint": "{{refusing.Address}}", "bucket": "results" } } }""");
    }

    private Dictionary<string, string> Storages() => new()
    {
        ["BATCHINFERENCE_BY_STRING_AZURE_STORAGE_CONNECTION_STRING"] = $"AccountName=archives;AccountKey={Base64("string")};BlobEndpoint={refusing.Address}archives",
        ["BATCHINFERENCE_BY_SIGNATURE_AZURE_STORAGE_SAS_TOKEN"] = $"sv=2021-12-02&ss=b&sp=rwl&sig={Canary("signature")}",
        ["BATCHINFERENCE_BY_KEY_AZURE_STORAGE_KEY"] = Base64("key"),
        ["AWS_ACCESS_KEY_ID"] = "somebody",
        ["AWS_SECRET_ACCESS_KEY"] = Canary("s3"),
        ["AWS_SESSION_TOKEN"] = Canary("session"),
        ["AZURE_CLIENT_SECRET"] = Canary("client"),
    };

    private string Canary(string place) => canaries[place] = $"canary{place}5e1fe7";

    private string Base64(string place) => canaries[place] = Convert.ToBase64String(Encoding.ASCII.GetBytes(Canary(place)));

    private async Task<Ended> CallAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        using var worker = WorkerProcess.Start(archive.Folder["state"], environment, [.. arguments, "--config", archive.Folder["config"]]);
        var ended = await worker.EndAsync();
        Add(ended);
        return ended;
    }

    private void Add(Ended ended) => told.Append(ended.Output).Append(ended.Errors);

    private void ShouldBeSilent()
    {
        var written = ((string[])["state", "results"]).Select(name => archive.Folder[name]).Where(Directory.Exists).SelectMany(folder => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)).ToList();
        foreach (var (place, canary) in canaries)
        {
            told.ToString().ShouldNotContain(canary, customMessage: place);
            foreach (var path in written)
                File.ReadAllText(path, Encoding.Latin1).ShouldNotContain(canary, customMessage: $"{place} in {path}");
        }
    }
}
