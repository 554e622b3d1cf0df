using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>All that the doctor looks at, on machines where it is good and where it is not.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class DoctorTests : IDisposable
{
    private readonly TinyArchive archive = new(50);

    public void Dispose() => archive.Dispose();

    private TempFolder Folder => archive.Folder;

    [Fact]
    public async Task EverythingThatANightDependsOnHasALine()
    {
        (await archive.RunAsync("state")).ShouldExit(0);
        Job(Source, Output, """[ { "opens": "20:00", "closes": "06:00", "timeZone": "Europe/Paris" } ]""");
        Folder.Write("secrets/PGPASSWORD", "canary-5e1fe7");
        File.SetUnixFileMode(Folder["secrets/PGPASSWORD"], UnixFileMode.UserRead);
        var findings = await LookAsync(0, new() { ["BATCHINFERENCE_SECRETS"] = Folder["secrets"] });
        findings.Keys.ShouldBe([
            "configuration", "secrets", "permissions", "secret files", "state folder", "log files", "disk of the state folder", "temporary files", "ledger", "time zone", "clock", "outside addresses", "morning message",
            "reading of scans", "old Office formats", "model tiny", "execution provider cpu",
            "job letters", "job letters: memory", "job letters: source", "job letters: output", "job letters: disk of the output", "job letters: last run", "job letters: next opening",
        ]);
        Found("secret files").ShouldBe("1, none of which everybody may read");
        Found("ledger").ShouldMatch("^the file in the state folder can be read: [0-9]+ KiB, tables of version [0-9]+$");
        Found("clock").ShouldEndWith(" UTC, and nothing that is known was done later");
        Found("outside addresses").ShouldBe("none: nothing is connected to");
        Found("execution provider cpu").ShouldMatch("^tiny answers; ONNX Runtime [0-9.]+ with .*CPUExecutionProvider");
        Found("job letters: memory").ShouldMatch("^tiny \\([0-9]+ MiB of weights\\): about [0-9]+ MiB needed, [0-9]+ MiB there$");
        Found("job letters: source").ShouldContain(" can be listed and read (");
        Found("job letters: output").ShouldBe($"{Folder["results"]} can be written; of two files of one name it keeps the first");
        Found("job letters: last run").ShouldContain(" complete ");
        Found("job letters: next opening").ShouldMatch("^(open now|20[0-9]{2}-.* 20:00 )");
        Directory.GetFileSystemEntries(Folder["results"]).ShouldBe([Folder["results/letters"]]);

        string Found(string check) => (string)findings[check]["found"]!;
    }

    [Fact]
    public async Task AFolderThatTheServiceWouldLookForElsewhereIsBad()
    {
        Job(Source, """{ "folder": "results" }""", """[ { "opens": "20:00", "closes": "06:00", "timeZone": "Europe/Paris" } ]""");
        var output = (await LookAsync(1, []))["job letters: output"];
        ((string)output["found"]!).ShouldBe("jobs/letters.json: output.folder: \"results\" is looked for in the folder in which the program is started, and the service is started in another than you");
        ((string)output["remedy"]!).ShouldBe("Write the whole path.");
        // By hand, without a schedule, it is where one stands.
        Job(Source, """{ "folder": "results" }""");
        (await LookAsync(0, [])).Keys.ShouldContain("job letters: output");
    }

    [Fact]
    public async Task WhatIsMendedIsToldAndWhatIsLeftIsBad()
    {
        var secret = Folder.Write("secrets/PGPASSWORD", "canary-5e1fe7");
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Dictionary<string, string> environment = new() { ["BATCHINFERENCE_SECRETS"] = Folder["secrets"] };
        (await LookAsync(1, environment))["secret files"].ToJsonString().ShouldBe($$"""{"check":"secret files","good":false,"found":"everybody may read {{secret}}","remedy":"chmod o= {{secret}}","fixed":false}""");

        using var doctor = WorkerProcess.Start(Folder["state"], environment, "doctor", "--fix", "--config", Folder["config"]);
        var said = (await doctor.EndAsync()).ShouldExit(0).Output.Split('\n');
        said[0].ShouldBe($"fixed secret files: nobody but owner and group may read {secret} any more");
        said[1].ShouldBe($"fixed log files: made {Folder["state/log"]}");
        said[2].ShouldBe($"fixed job letters: output: made {Folder["results"]}");
        said.ShouldContain("good  secret files: 1, none of which everybody may read");
        said.ShouldNotContain(line => line.Contains("canary"));
        File.GetUnixFileMode(secret).ShouldBe(UnixFileMode.UserRead);
    }

    [Fact]
    public async Task MailAndWebhookAreLookedAtWithoutBeingAsked()
    {
        using var receiver = new HttpReceiver();
        Folder.Write("config/appsettings.json", """
            { "Models": { "Default": "tiny" }, "Notices": { "Webhook": { }, "Mail": { "Server": "127.0.0.1", "Port": 1, "From": "a@example.org", "To": ["b@example.org"], "User": "archives" } } }
            """);
        var findings = await LookAsync(1, []);
        Found("morning mail").ShouldBe("(False) appsettings.json: Notices.Mail.User: a name is given without its password. Give BATCHINFERENCE_SMTP_PASSWORD by the environment or as a credential, or leave User out.");
        Found("webhook").ShouldBe("(False) appsettings.json: Notices.Webhook: no address is given. Write it as Url, or give it as BATCHINFERENCE_WEBHOOK_URL where it holds a token.");

        findings = await LookAsync(0, new() { ["BATCHINFERENCE_SMTP_PASSWORD"] = "canary-5e1fe7", ["BATCHINFERENCE_WEBHOOK_URL"] = $"{receiver.Address}canary-5e1fe7" });
        Found("morning mail").ShouldBe("(True) to b@example.org by 127.0.0.1:1, as archives with its password, by TLS after a greeting; the server was not asked");
        Found("webhook").ShouldBe($"(True) webhook of {receiver.Address.Authority}, without a header Authorization, unprotected (http://); it was not asked");
        receiver.Requests.ShouldBeEmpty();

        string Found(string check) => $"({(bool)findings[check]["good"]!}) {(string)findings[check]["found"]!}";
    }

    [Fact]
    public async Task ANightThatNeverOpensAndDocumentsThatNobodyMayReadAreBad()
    {
        Job(Source, Output, $$"""[ { "opens": "20:00", "closes": "06:00", "timeZone": "UTC", "nights": ["Mon"], "exceptNightsOf": [{{string.Join(", ", Mondays())}}] } ]""");
        foreach (var document in archive.Documents)
            File.SetUnixFileMode(Path.Combine(Folder["archive"], document), UnixFileMode.None);
        File.SetUnixFileMode(Folder.Path, (UnixFileMode)0b111_111_111);
        Directory.CreateDirectory(Folder["results"]);
        string[] nobody = Environment.UserName == "root" ? ["--reuid", "65534", "--regid", "65534", "--clear-groups"] : [];
        using var doctor = WorkerProcess.StartThrough("setpriv", nobody, Folder["state"], "doctor", "--config", Folder["config"]);
        var said = (await doctor.EndAsync()).ShouldExit(1).Output.Split('\n');
        said.ShouldContain(line => line.StartsWith($"BAD   job letters: source: {Folder["archive"]} can be listed, but none of its first documents can be read: ", StringComparison.Ordinal) && line.EndsWith(" → Give the account nobody the right to read them.", StringComparison.Ordinal));
        said.ShouldContain($"BAD   job letters: output: {Folder["results"]} cannot be written by nobody: permission denied. → Give this account the right to write there, or set another output.folder.");
        said.ShouldContain("BAD   job letters: next opening: never: no night of its schedule opens within two years → Look at nights and exceptNightsOf of its schedule.");
    }

    [Fact]
    public async Task StoragesAreListedReadWrittenAndCleanedAndTheirAddressesTold()
    {
        using var azurite = await Azurite.StartAsync();
        await using var server = await PostgresServer.StartAsync();
        var deposits = new BlobContainerClient(azurite.ConnectionString, "deposits", new BlobClientOptions(BlobClientOptions.ServiceVersion.V2025_11_05));
        await deposits.CreateAsync();
        await deposits.GetBlobClient("letter.txt").UploadAsync(new BinaryData("Le conseil a adopté le budget."));
        const string place = """{ "azureBlob": { "container": "deposits" } }""";
        Job(place, place);
        var environment = new Dictionary<string, string> { ["AZURE_STORAGE_CONNECTION_STRING"] = azurite.ConnectionString, ["BATCHINFERENCE__Ledger__PostgreSql"] = server.Connection };
        var findings = await LookAsync(0, environment);
        ((string)findings["ledger"]["found"]!).ShouldMatch("^the database can be reached and has its tables: PostgreSQL [0-9.]+, tables of version [0-9]+$");
        ((string)findings["job letters: source"]["found"]!).ShouldEndWith(" can be listed and read (letter.txt …)");
        ((string)findings["job letters: output"]["found"]!).ShouldEndWith(" takes a probe and lets it be removed; of two of one name it keeps the first");
        ((string)findings["outside addresses"]["found"]!).ShouldMatch("^http://127.0.0.1:[0-9]+.*; nothing else is connected to$");
        (await deposits.GetBlobsAsync().Select(blob => blob.Name).ToListAsync()).ShouldBe(["letter.txt"]);
    }

    [Fact]
    public async Task TheDatabaseIsLookedAtWithThePasswordOfASecretFile()
    {
        await using var server = await PostgresServer.StartAsync();
        await server.SetPasswordAsync("canary-5e1fe7");
        await server.RequirePasswordAsync();
        Job(Source, Output);
        Folder.Write("secrets/PGPASSWORD", "canary-5e1fe7");
        File.SetUnixFileMode(Folder["secrets/PGPASSWORD"], UnixFileMode.UserRead);
        var findings = await LookAsync(0, new() { ["BATCHINFERENCE_SECRETS"] = Folder["secrets"], ["BATCHINFERENCE__Ledger__PostgreSql"] = server.Connection });
        ((string)findings["ledger"]["found"]!).ShouldStartWith("the database can be reached and has its tables: PostgreSQL ");
        ((string)findings["clock"]["found"]!).ShouldEndWith("and nothing that is known was done later");
    }

    private string Source => $$"""{ "folder": { "path": "{{Folder["archive"]}}" } }""";

    private string Output => $$"""{ "folder": "{{Folder["results"]}}" }""";

    private void Job(string source, string output, string schedule = "[]") => Folder.Write("config/jobs/letters.json", $$"""
        { "schedule": {{schedule}}, "source": {{source}}, "tasks": { "topic": { "classify": { "model": "tiny" } } }, "output": {{output}} }
        """);

    private static IEnumerable<string> Mondays()
    {
        var day = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-7);
        for (var left = 760; left > 0; left--, day = day.AddDays(1))
            if (day.DayOfWeek == DayOfWeek.Monday)
                yield return $"\"{day:yyyy-MM-dd}\"";
    }

    private async Task<IReadOnlyDictionary<string, JsonNode>> LookAsync(int code, Dictionary<string, string> environment)
    {
        using var doctor = WorkerProcess.Start(Folder["state"], environment, "doctor", "--json", "--config", Folder["config"]);
        return (await doctor.EndAsync()).ShouldExit(code).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToDictionary(line => (string)line["check"]!);
    }
}
