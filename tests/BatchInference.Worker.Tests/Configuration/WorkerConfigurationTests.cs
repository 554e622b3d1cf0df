using System.Collections;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Tests.Configuration;

public sealed class WorkerConfigurationTests
{
    private const string Job = """
        { "source": { "folder": { "path": "docs" } }, "tasks": { "topic": { "classify": { "labels": "topics" } } }, "output": { "folder": "out" } }
        """;

    [Fact]
    public void WhatIsShippedIsInOrder()
    {
        var configuration = WorkerConfiguration.Read(Repository.At("config"), "state", "program", new Hashtable());
        configuration.Folders.Shipped.ShouldBe(Repository.At("config"));
        configuration.Job("demo").Tasks.Keys.ShouldBe(["topic", "summary"]);
    }

    [Fact]
    public void CommentsAndTrailingCommasAreAllowed() =>
        Read("{ // all\n \"Limits\": { \"Pages\": 5, }, }", Job).Settings.Limits.Pages.ShouldBe(5);

    [Fact]
    public void EveryErrorOfEveryFileIsToldAtOnce() =>
        Errors("""{ "Limits": { "Pages": 0, "Charakters": 5 }, "Models": { "Provider": "gpu" } }""", """
            {
              "schedule": [ { "opens": "25:00", "closes": "06:00", "timeZone": "Europe/Pari", "nights": ["Lun"], "exceptNightsOf": ["2026-02-30"] }, { "opens": "20:00", "closes": "20:00" } ],
              "source": { },
              "tasks": { "Topic": { "classify": { } }, "summary": { "summarize": { "sentences": 2, "characters": 9 } } },
              "output": { "folder": 5, "formats": ["xml"], "tekst": true },
            }
            """).ShouldBe(
        [
            "appsettings.json: Limits.Pages: 0 is out of range. Write a whole number from 1 to 1000000.",
            "appsettings.json: Limits.Charakters: there is no such key. Did you mean Characters?",
            "appsettings.json: Models.Provider: \"gpu\" is none of the values that are known. Write one of \"cpu\", \"cuda\", \"directml\".",
            "jobs/job.json: schedule[0].opens: \"25:00\" is not a time of the form HH:mm. Write for example \"20:00\".",
            "jobs/job.json: schedule[0].nights[0]: \"Lun\" is not a day or range of days. Write for example \"Mon-Fri\".",
            "jobs/job.json: schedule[0].timeZone: \"Europe/Pari\" is not known on this machine. Write an IANA name such as Europe/Paris, or a Windows name such as Romance Standard Time.",
            "jobs/job.json: schedule[0].exceptNightsOf[0]: \"2026-02-30\" is no date of the calendar. Write a day that there is.",
            "jobs/job.json: schedule[1].closes: \"20:00\" is the time of the opening. Write a later time; 24 hours are two schedules.",
            "jobs/job.json: source: says nothing. Write exactly one of folder, azureBlob, s3.",
            "jobs/job.json: tasks.Topic: \"Topic\" is no good name. Use lower-case letters, digits, - and _.",
            "jobs/job.json: tasks.Topic.classify: says nothing. Write the name of a label set as labels, or of a classification model as model.",
            "jobs/job.json: tasks.summary.summarize.characters: 9 is out of range. Write a whole number from 20 to 20000.",
            "jobs/job.json: tasks.summary.summarize: says sentences and characters. Write exactly one of sentences, characters.",
            "jobs/job.json: output.folder: 5 is not a path. Write it in quotation marks.",
            "jobs/job.json: output.formats[0]: \"xml\" is none of the values that are known. Write one of \"jsonl\", \"parquet\", \"csv\".",
            "jobs/job.json: output.tekst: there is no such key. Did you mean text?",
        ]);

    public static TheoryData<string> EveryKey => new(Keys(KnownKeys.AppSettings, ""));

    [Theory, MemberData(nameof(EveryKey))]
    public void AMisspeltKeyIsToldWithTheKeyThatWasMeant(string path)
    {
        var names = path.Split('.');
        var misspelt = names[^1] + "x";
        var content = $"\"{misspelt}\": 1";
        foreach (var name in names[..^1].Reverse()) content = $"\"{name}\": {{ {content} }}";
        ErrorsOf($"{{ {content} }}").ShouldBe([$"appsettings.json: {string.Join('.', [.. names[..^1], misspelt])}: there is no such key. Did you mean {names[^1]}?"]);
    }

    private const string WholeJob = """
        {
          "enabled": true,
          "roles": ["gpu"],
          "schedule": [ { "opens": "20:00", "closes": "06:00", "timeZone": "Europe/Paris", "nights": ["Mon-Fri"], "exceptNightsOf": ["2026-12-25"] } ],
          "source": { "folder": { "path": "docs", "include": ["**/*.pdf"], "exclude": ["old/**"] } },
          "tasks": {
            "topic": { "classify": { "labels": "topics", "model": "m", "variant": "q4", "template": "Sujet : {}.", "language": "fr", "severalLabels": true, "instruction": "{labels} {text}", "system": "Bref." } },
            "summary": { "summarize": { "sentences": 2, "model": "m", "variant": "q4", "instruction": "Résume : {text}", "system": "Bref.", "thinking": false, "generation": {
              "maxNewTokens": 200, "minNewTokens": 5, "beams": 4, "lengthPenalty": 0.8, "earlyStopping": "never", "repetitionPenalty": 1.2, "noRepeatNgram": 3,
              "sample": true, "temperature": 0.6, "topK": 20, "topP": 0.95, "seed": 7, "stop": ["\n"] } } },
            "short": { "summarize": { "characters": 200 } }
          },
          "output": { "folder": "out", "formats": ["csv"], "csv": { "delimiter": ";", "byteOrderMark": true }, "text": true, "metadata": true },
          "content": { "textField": "body.text", "idField": "id" }
        }
        """;

    private const string BlobJob = """
        {
          "source": { "azureBlob": { "account": "https://archives.blob.core.windows.net", "container": "deposits", "prefix": "2026/", "include": ["**/*.pdf"], "exclude": ["old/**"], "allowHttp": true } },
          "tasks": { "topic": { "classify": { "labels": "topics" } } },
          "output": { "azureBlob": { "account": "archives", "container": "results", "prefix": "", "allowHttp": true } }
        }
        """;

    private const string ObjectJob = """
        {
          "source": { "s3": { "endpoint": "https://s3.example.fr", "region": "fr-1", "bucket": "deposits", "prefix": "2026/", "pathStyle": true, "include": ["**/*.pdf"], "exclude": ["old/**"], "instanceProfile": true, "allowHttp": true } },
          "tasks": { "topic": { "classify": { "labels": "topics" } } },
          "output": { "s3": { "endpoint": "https://s3.example.fr", "region": "fr-1", "bucket": "results", "prefix": "r", "pathStyle": false, "instanceProfile": false, "allowHttp": false } }
        }
        """;

    public static TheoryData<string, string> EveryJobKey => new(new[] { WholeJob, BlobJob, ObjectJob }.SelectMany(job => KeysOf(JsonNode.Parse(job)!, "").Select(path => (job, path))));

    [Theory, MemberData(nameof(EveryJobKey))]
    public void AMisspeltKeyOfAJobIsToldWithTheKeyThatWasMeant(string job, string path)
    {
        var content = JsonNode.Parse(job)!;
        var (parent, name) = Find(content, path);
        var value = parent[name]!.DeepClone();
        parent.Remove(name);
        parent[name + "x"] = value;
        // Other messages may follow: that the key itself is missing.
        Errors("{}", content.ToJsonString()).ShouldContain($"jobs/job.json: {path}x: there is no such key. Did you mean {name}?");
    }

    [Fact]
    public void TheWholeJobsNameEveryKeyThereIs() =>
        EveryJobKey.Select(row => Regex.Replace(row.Data.Item2.Replace("tasks.topic.", "tasks.*.").Replace("tasks.summary.", "tasks.*.").Replace("tasks.short.", "tasks.*."), @"\[0\]", "[]")).Distinct().Order(StringComparer.Ordinal)
            .ShouldBe(Declared(KnownKeys.Job, "").Distinct().Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("Paths.Shipped", "5", "5 is not a path. Write it in quotation marks.")]
    [InlineData("Paths.Shipped", "\"\"", "\"\" is empty. Write a path, or leave the key out.")]
    [InlineData("Models.Default", "[]", "[] is not a name of a model on the shelf. Write it in quotation marks.")]
    [InlineData("Models.Variant", "8", "8 is not a name of a variant. Write it in quotation marks.")]
    [InlineData("Models.Provider", "\"gpu\"", "\"gpu\" is none of the values that are known. Write one of \"cpu\", \"cuda\", \"directml\".")]
    [InlineData("Models.Device", "-1", "-1 is out of range. Write a whole number from 0 to 63.")]
    [InlineData("Models.Device", "64", "64 is out of range. Write a whole number from 0 to 63.")]
    [InlineData("Models.DeviceMemoryMegabytes", "63", "63 is out of range. Write a whole number from 64 to 1048576.")]
    [InlineData("Models.DeviceMemoryMegabytes", "1048577", "1048577 is out of range. Write a whole number from 64 to 1048576.")]
    [InlineData("Models.Threads", "1025", "1025 is out of range. Write a whole number from 0 to 1024.")]
    [InlineData("Models.Threads", "1.5", "1.5 is not a whole number. Write a whole number from 0 to 1024.")]
    [InlineData("Models.BatchTokens", "63", "63 is out of range. Write a whole number from 64 to 1048576.")]
    [InlineData("Limits.Megabytes", "0", "0 is out of range. Write a whole number from 1 to 4096.")]
    [InlineData("Limits.Megabytes", "4097", "4097 is out of range. Write a whole number from 1 to 4096.")]
    [InlineData("Limits.Characters", "999", "999 is out of range. Write a whole number from 1000 to 100000000.")]
    [InlineData("Limits.Pages", "0", "0 is out of range. Write a whole number from 1 to 1000000.")]
    [InlineData("Limits.Seconds", "0", "0 is out of range. Write a whole number from 1 to 86400.")]
    [InlineData("Limits.Readers", "257", "257 is out of range. Write a whole number from 0 to 256.")]
    [InlineData("Logging.Level", "\"all\"", "\"all\" is none of the values that are known. Write one of \"trace\", \"debug\", \"information\", \"warning\", \"error\".")]
    [InlineData("Health.Listen", "\"0.0.0.0:9464\"", "\"0.0.0.0:9464\" is no address of this machine alone with a port. Write for example \"127.0.0.1:9464\"; what others are to see goes through a proxy with a log-in.")]
    [InlineData("Telemetry.Otlp.Endpoint", "\"http://otel.example\"", "\"http://otel.example\" would be spoken to unprotected over the network. Write https://, or set AllowHttp to true.")]
    [InlineData("Telemetry.Otlp.Endpoint", "\"otel.example:4318\"", "\"otel.example:4318\" is not an address. Write for example \"https://otel.example.fr:4318\".")]
    [InlineData("Notices.Webhook.Url", "\"http://hooks.example/archives\"", "\"http://hooks.example/archives\" would be spoken to unprotected over the network. Write https://, or set AllowHttp to true.")]
    [InlineData("Limits", "5", "5 is not an object. Write { … } with the keys Megabytes, Characters, Pages, Seconds, ContainerMegabytes, Depth, Members, UnfoldedMegabytes, CompressionRatio, Readers, MemoryMegabytes, DocumentMinutes, DocumentsPerProcess, Retries, RetrySeconds.")]
    public void AValueThatASettingCannotHaveIsToldWithItsLimits(string path, string value, string message)
    {
        foreach (var name in path.Split('.').Reverse()) value = $"{{ \"{name}\": {value} }}";
        Errors(value, Job).ShouldBe([$"appsettings.json: {path}: {message}"]);
    }

    // What else a section must have is told beside.
    private static string[] ErrorsOf(string settings) => [.. Errors(settings, Job).Where(error => !error.Contains(": is missing. ", StringComparison.Ordinal))];

    [Theory]
    [InlineData("\"Server\": \"smtp.example\", \"From\": \"a@b\\r\\nBcc: x@y\"", "From: \"a@b\\r\\nBcc: x@y\" is not a mail address. Write for example \"archives@example.fr\".")]
    [InlineData("\"Server\": \"smtp.example\", \"From\": \"a@b\", \"Security\": \"none\", \"User\": \"u\"", "Security: \"none\" would send the password unprotected over the network. Write starttls or tls, or leave out User where the server asks for none.")]
    public void AMailThatWouldBringHeadersOrGiveAwayThePasswordIsRefused(string mail, string message) =>
        Errors($"{{ \"Notices\": {{ \"Mail\": {{ {mail}, \"To\": [\"c@d\"] }} }} }}", Job).ShouldBe([$"appsettings.json: Notices.Mail.{message}"]);

    [Theory]
    [InlineData("Notices.Mail.Password", "sesame-7", "is a secret by its name, and secrets never stand in these files. Remove it and have it replaced where it is valid; give the password as BATCHINFERENCE_SMTP_PASSWORD by the environment or the service manager's credentials.")]
    [InlineData("Notices.Webhook.Url", "https://hooks.slack.com/services/sesame-7", "holds a token, and secrets never stand in these files. Remove it and have it replaced where it is valid; give the address as BATCHINFERENCE_WEBHOOK_URL, a token as BATCHINFERENCE_WEBHOOK_AUTHORIZATION, by the environment or the service manager's credentials.")]
    [InlineData("Telemetry.Otlp.Headers", "x-key=sesame-7", "is a secret by its name, and secrets never stand in these files. Remove it and have it replaced where it is valid; give what the collector wants to see as OTEL_EXPORTER_OTLP_HEADERS by the environment or the service manager's credentials.")]
    [InlineData("Telemetry.Otlp.Endpoint", "https://otel.example/?api-key=sesame-7", "holds a token, and secrets never stand in these files. Remove it and have it replaced where it is valid; give what the collector wants to see as OTEL_EXPORTER_OTLP_HEADERS by the environment or the service manager's credentials.")]
    [InlineData("Ledger.PostgreSql", "Host=db;Password=sesame-7", "holds a password, and secrets never stand in these files. Remove it and have it replaced where it is valid; give the password as PGPASSWORD by the environment or the service manager's credentials, or by a PGPASSFILE.")]
    public void ASecretIsRefusedWithTheWayToDoItRight(string path, string secret, string message)
    {
        var value = JsonValue.Create(secret)!.ToJsonString();
        foreach (var name in path.Split('.').Reverse()) value = $"{{ \"{name}\": {value} }}";
        var errors = Errors(value, Job);
        errors.ShouldContain($"appsettings.json: {path}: {message}");
        errors.ShouldNotContain(error => error.Contains("sesame", StringComparison.Ordinal));
    }

    public static TheoryData<string, long, long> EveryNumber => [.. Numbers(KnownKeys.AppSettings, "")];

    [Theory, MemberData(nameof(EveryNumber))]
    public void ANumberBeyondItsLimitsIsToldWithThem(string path, long least, long most)
    {
        foreach (var number in new[] { least - 1, most + 1 })
        {
            var value = $"{number}";
            foreach (var name in path.Split('.').Reverse()) value = $"{{ \"{name}\": {value} }}";
            ErrorsOf(value).ShouldBe([$"appsettings.json: {path}: {number} is out of range. Write a whole number from {least} to {most}."]);
        }
    }

    [Theory]
    [InlineData("roles", "[]", "[] is too short. Write at least 1.")]
    [InlineData("enabled", "1", "1 is neither true nor false. Write true or false, without quotation marks.")]
    [InlineData("schedule", "{}", "{} is not a list. Write it in brackets: [ … ].")]
    [InlineData("schedule[0].opens", "\"24:00\"", "\"24:00\" is not a time of the form HH:mm. Write for example \"20:00\".")]
    [InlineData("schedule[0].closes", "\"6:00\"", "\"6:00\" is not a time of the form HH:mm. Write for example \"20:00\".")]
    [InlineData("schedule[0].timeZone", "\"Paris\"", "\"Paris\" is not known on this machine. Write an IANA name such as Europe/Paris, or a Windows name such as Romance Standard Time.")]
    [InlineData("schedule[0].nights", "[]", "[] is too short. Write at least 1.")]
    [InlineData("schedule[0].exceptNightsOf", "\"2026-12-25\"", "\"2026-12-25\" is not a list. Write it in brackets: [ … ].")]
    [InlineData("source.folder.path", "\"\"", "\"\" is empty. Write a path, or leave the key out.")]
    [InlineData("source.folder.include", "\"*.pdf\"", "\"*.pdf\" is not a list. Write it in brackets: [ … ].")]
    [InlineData("source.folder.exclude", "5", "5 is not a list. Write it in brackets: [ … ].")]
    [InlineData("tasks", "{}", "{} is empty. Write at least 1 entry.")]
    [InlineData("tasks.topic.classify.labels", "\"../x\"", "\"../x\" is not a name of a label set. Write for example \"topics\".")]
    [InlineData("tasks.topic.classify.model", "5", "5 is not a name of a model on the shelf. Write it in quotation marks.")]
    [InlineData("tasks.topic.classify.template", "\"Sujet\"", "\"Sujet\" is not a sentence with {}. Write for example \"Ce texte parle de {}.\".")]
    [InlineData("tasks.topic.classify.language", "\"français\"", "\"français\" is not a language as ISO 639 writes it. Write for example \"fr\".")]
    [InlineData("tasks.topic.classify.severalLabels", "\"yes\"", "\"yes\" is neither true nor false. Write true or false, without quotation marks.")]
    [InlineData("tasks.topic.classify.instruction", "\"{text} {text}\"", "\"{text} {text}\" is not a text with {text}. Write for example \"Classe ce texte :\n{labels}\n\n{text}\".")]
    [InlineData("tasks.summary.summarize.instruction", "\"Résume.\"", "\"Résume.\" is not a text with {text}. Write for example \"Résume ce texte :\n{text}\".")]
    [InlineData("tasks.summary.summarize.thinking", "1", "1 is neither true nor false. Write true or false, without quotation marks.")]
    [InlineData("tasks.summary.summarize.generation.maxNewTokens", "0", "0 is out of range. Write a whole number from 1 to 100000.")]
    [InlineData("tasks.summary.summarize.generation.minNewTokens", "10001", "10001 is out of range. Write a whole number from 0 to 10000.")]
    [InlineData("tasks.summary.summarize.generation.beams", "65", "65 is out of range. Write a whole number from 1 to 64.")]
    [InlineData("tasks.summary.summarize.generation.lengthPenalty", "-11", "-11 is out of range. Write a number from -10 to 10.")]
    [InlineData("tasks.summary.summarize.generation.earlyStopping", "true", "true is none of the values that are known. Write one of \"heuristic\", \"full\", \"never\".")]
    [InlineData("tasks.summary.summarize.generation.repetitionPenalty", "0", "0 is out of range. Write a number from 0.01 to 100.")]
    [InlineData("tasks.summary.summarize.generation.noRepeatNgram", "2.5", "2.5 is not a whole number. Write a whole number from 0 to 1000.")]
    [InlineData("tasks.summary.summarize.generation.temperature", "\"warm\"", "\"warm\" is not a number. Write a number from 0.01 to 100.")]
    [InlineData("tasks.summary.summarize.generation.topK", "-1", "-1 is out of range. Write a whole number from 0 to 1000000.")]
    [InlineData("tasks.summary.summarize.generation.topP", "1.5", "1.5 is out of range. Write a number from 0 to 1.")]
    [InlineData("tasks.summary.summarize.generation.seed", "-1", "-1 is out of range. Write a whole number from 0 to 9223372036854775807.")]
    [InlineData("tasks.summary.summarize.generation.stop", "\"\\n\"", "\"\\n\" is not a list. Write it in brackets: [ … ].")]
    [InlineData("tasks.summary.summarize.sentences", "0", "0 is out of range. Write a whole number from 1 to 100.")]
    [InlineData("tasks.summary.summarize.sentences", "101", "101 is out of range. Write a whole number from 1 to 100.")]
    [InlineData("tasks.short.summarize.characters", "19", "19 is out of range. Write a whole number from 20 to 20000.")]
    [InlineData("tasks.short.summarize.characters", "20001", "20001 is out of range. Write a whole number from 20 to 20000.")]
    [InlineData("output.folder", "null", "null is not a path. Write it in quotation marks.")]
    [InlineData("output.formats", "\"csv\"", "\"csv\" is not a list. Write it in brackets: [ … ].")]
    [InlineData("output.csv.delimiter", "\":\"", "\":\" is none of the values that are known. Write one of \",\", \";\", \"\t\", \"|\".")]
    [InlineData("output.csv.byteOrderMark", "\"yes\"", "\"yes\" is neither true nor false. Write true or false, without quotation marks.")]
    [InlineData("output.text", "0", "0 is neither true nor false. Write true or false, without quotation marks.")]
    public void AValueThatAJobCannotHaveIsToldWithItsLimits(string path, string value, string message)
    {
        var job = JsonNode.Parse(WholeJob)!;
        var (parent, name) = Find(job, path);
        parent[name] = JsonNode.Parse(value);
        Errors("{}", job.ToJsonString()).ShouldBe([$"jobs/job.json: {path}: {message}"]);
    }

    [Theory]
    [InlineData(BlobJob, "source.azureBlob.account", "\"http://archives.example\"", false, "\"http://archives.example\" would send documents and keys unprotected over the network. Write https://, or set allowHttp to true.")]
    [InlineData(BlobJob, "source.azureBlob.account", "\"http://127.0.0.1:10000/devstoreaccount1\"", false, null)]
    [InlineData(BlobJob, "source.azureBlob.account", "\"http://archives.example\"", true, null)]
    [InlineData(BlobJob, "source.azureBlob.account", "\"https://archives.dfs.core.windows.net\"", false, "\"https://archives.dfs.core.windows.net\" is the address of the file system, not of the blobs. Write \"https://archives.blob.core.windows.net\".")]
    [InlineData(BlobJob, "output.azureBlob.container", "\"Results\"", false, "\"Results\" is not a name of a container. Write for example \"deposits\".")]
    [InlineData(ObjectJob, "source.s3.endpoint", "\"s3.example.fr\"", false, "\"s3.example.fr\" is not the address of a storage. Write for example \"https://s3.example.fr\".")]
    [InlineData(ObjectJob, "output.s3.bucket", "\"a/b\"", false, "\"a/b\" is not a name of a bucket. Write for example \"deposits\".")]
    public void APlaceThatCannotBeIsToldWithTheRemedy(string content, string path, string value, bool allowHttp, string? message)
    {
        var job = JsonNode.Parse(content)!;
        var (parent, name) = Find(job, path);
        parent[name] = JsonNode.Parse(value);
        parent["allowHttp"] = allowHttp;
        if (message is null) Read("{}", job.ToJsonString());
        else Errors("{}", job.ToJsonString()).ShouldBe([$"jobs/job.json: {path}: {message}"]);
    }

    [Fact]
    public void TwoPlacesForOneOutputAreRefused()
    {
        var job = JsonNode.Parse(BlobJob)!;
        job["output"]!["folder"] = "results";
        Errors("{}", job.ToJsonString()).ShouldBe(["jobs/job.json: output: says folder and azureBlob. Write exactly one of folder, azureBlob, s3."]);
    }

    [Theory]
    [InlineData("https://archives.blob.core.windows.net/c?sv=2024&sig=abc", "a shared access signature")]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abc==", "the key of a storage account")]
    [InlineData("AKIAIOSFODNN7EXAMPLE", "an access key")]
    [InlineData("Host=db;Username=a;Password=sesame", "a password")]
    [InlineData("https://clerk:sesame@archives.example/", "a password")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----", "a private key")]
    public void ASecretInAFileIsRefusedAndNotShown(string value, string kind)
    {
        var job = JsonNode.Parse(WholeJob)!;
        job["source"]!["folder"]!["path"] = value;
        Errors("{}", job.ToJsonString()).ShouldBe(
            [$"jobs/job.json: source.folder.path: holds {kind}, and secrets never stand in these files. Remove it and have it replaced where it is valid; give secrets by the machine's identity, the environment, or the service manager's credentials."]);
    }

    [Theory]
    [InlineData("""{ "output": { "folder": "a", "folder": "b" } }""", "folder")]
    [InlineData("""{ "schedule": [ { "opens": "20:00", "opens": "21:00" } ] }""", "opens")]
    [InlineData("""{ "tasks": { }, "tasks": { } }""", "tasks")]
    public void AKeyThatStandsTwiceIsToldHoweverDeepItStands(string job, string key)
    {
        var error = Errors("{}", job)[0];
        error.ShouldStartWith("jobs/job.json: a key stands twice.");
        error.ShouldContain(key);
    }

    [Fact]
    public void WhatIsNoJsonIsToldWithItsPlace() =>
        Errors("{\n  \"Limits\": {\n", Job).ShouldHaveSingleItem().ShouldStartWith("appsettings.json: line 3, column ");

    [Fact]
    public void TheEnvironmentOverridesBothFiles()
    {
        var configuration = Read("{}", Job, new Hashtable
        {
            ["BATCHINFERENCE__Limits__Pages"] = "7", ["BATCHINFERENCE__JOBS__JOB__output__formats__0"] = "csv", ["BATCHINFERENCE__Jobs__job__output__text"] = "true", ["BATCHINFERENCE_STATE"] = "elsewhere",
        });
        configuration.Settings.Limits.Pages.ShouldBe(7);
        configuration.Job("job").Output.Formats.ShouldBe(["csv"]);
        configuration.Job("job").Output.Text.ShouldBeTrue();
    }

    [Fact]
    public void ItemsOfAListComeInTheOrderOfTheirNumbers()
    {
        var given = new Hashtable();
        foreach (var number in Enumerable.Range(0, 12))
            given[$"BATCHINFERENCE__Jobs__job__source__folder__include__{number}"] = $"{number}/**";
        Read("{}", Job, given).Job("job").Source.Folder!.Include.ShouldBe(Enumerable.Range(0, 12).Select(number => $"{number}/**"));
    }

    [Fact]
    public void AVariableThatMeansNothingIsTold() =>
        Errors("{}", Job, new Hashtable { ["BATCHINFERENCE__Limits__Page"] = "7", ["BATCHINFERENCE__Jobs__jab__output__text"] = "true" }).ShouldBe(
        [
            "environment variable BATCHINFERENCE__Limits__Page: there is no key Page. Did you mean Pages?",
            "environment variable BATCHINFERENCE__Jobs__jab__output__text: there is no such job. Did you mean job?",
        ]);

    [Fact]
    public void AJobThatIsWrongIsLeftOutWhereItIsNotAskedFor()
    {
        using var folder = new TempFolder();
        folder.Write("appsettings.json", "{}");
        folder.Write("jobs/broken.json", "{ \"x\": 1 }");
        folder.Write("jobs/job.json", Job);
        var environment = new Hashtable { ["BATCHINFERENCE__Jobs__broken__output__text"] = "true" };
        var configuration = WorkerConfiguration.Read(folder, folder["state"], folder, environment, strict: false);
        configuration.Jobs.Keys.ShouldBe(["job"]);
        configuration.Warnings.ShouldAllBe(warning => warning.StartsWith("jobs/broken.json: ", StringComparison.Ordinal) && warning.EndsWith("(The job broken is left out.)", StringComparison.Ordinal));
        Should.Throw<ConfigurationException>(() => configuration.Job("broken")).Message.ShouldStartWith("jobs/broken.json: x: there is no such key.");
        Should.Throw<ConfigurationException>(() => WorkerConfiguration.Read(folder, folder["state"], folder, environment));
    }

    [Theory]
    [InlineData("BATCHINFERENCE__Jobs")]
    [InlineData("BATCHINFERENCE__Jobs__job")]
    public void AVariableThatNamesNoKeyOfAJobIsTold(string variable) =>
        Errors("{}", Job, new Hashtable { [variable] = "x" }).ShouldBe([$"environment variable {variable}: it names no key of a job, as BATCHINFERENCE__Jobs__archives__output__folder does."]);

    [Fact]
    public void AJobThatThereIsNotIsToldWithTheNearest() =>
        Should.Throw<ConfigurationException>(() => Read("{}", Job).Job("jop")).Message.ShouldBe("There is no job jop. Did you mean job?");

    private static IEnumerable<string> Keys(SectionKey section, string path) => section.Keys.SelectMany(key =>
        key.Key is SectionKey inner ? Keys(inner, path + key.Name + ".").Prepend(path + key.Name) : [path + key.Name]);

    private static IEnumerable<string> KeysOf(JsonNode node, string path) => node switch
    {
        JsonObject section => section.SelectMany(entry => (IsName(path) ? [] : new[] { Join(path, entry.Key) }).Concat(KeysOf(entry.Value!, Join(path, entry.Key)))),
        JsonArray list when list[0] is JsonObject first => KeysOf(first, path + "[0]"),
        _ => [],
    };

    // The keys of this object are the admin's own names.
    private static bool IsName(string path) => path == "tasks";

    private static IEnumerable<string> Declared(Key key, string path) => key switch
    {
        SectionKey section => section.Keys.SelectMany(entry => Declared(entry.Key, Join(path, entry.Name)).Prepend(Join(path, entry.Name))),
        MapKey map => Declared(map.Item, path + ".*"),
        ListKey list => Declared(list.Item, path + "[]"),
        _ => [],
    };

    private static IEnumerable<(string Path, long Least, long Most)> Numbers(Key key, string path) => key switch
    {
        IntegerKey number => [(path, number.Least, number.Most)],
        SectionKey section => section.Keys.SelectMany(entry => Numbers(entry.Key, Join(path, entry.Name))),
        _ => [],
    };

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static (JsonObject Parent, string Name) Find(JsonNode root, string path)
    {
        var steps = path.Split('.');
        var node = root;
        foreach (var step in steps[..^1])
            node = step.EndsWith("[0]", StringComparison.Ordinal) ? node[step[..^3]]![0]! : node[step]!;
        return (node.AsObject(), steps[^1]);
    }

    private static IReadOnlyList<string> Errors(string settings, string job, IDictionary? environment = null) =>
        Should.Throw<ConfigurationException>(() => Read(settings, job, environment)).Errors;

    private static WorkerConfiguration Read(string settings, string job, IDictionary? environment = null)
    {
        using var folder = new TempFolder();
        folder.Write("appsettings.json", settings);
        folder.Write("jobs/job.json", job);
        return WorkerConfiguration.Read(folder, folder["state"], folder["program"], environment ?? new Hashtable());
    }
}
