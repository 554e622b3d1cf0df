namespace BatchInference.EndToEnd.Faults;

/// <summary>Files of the configuration, and what they name.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class ConfigurationFaultsTests : FaultyMachine
{
    [Fact]
    public Task ATextThatIsNoJson()
    {
        Settings = "{\n  \"Models\": { \"Default\": \"tiny\" \n  \"Ocr\": {}\n}";
        return ShouldTellAsync(2, "appsettings.json: line 3, column 3: this is not JSON (comments and trailing commas are allowed).");
    }

    [Fact]
    public Task AKeyThatIsNotKnown()
    {
        Settings = """{ "Models": { "Default": "tiny", "Thread": 2 } }""";
        return ShouldTellAsync(2, "appsettings.json: Models.Thread: there is no such key. Did you mean Threads?");
    }

    [Fact]
    public Task ATimeZoneThatIsNotKnown()
    {
        Job = Job.Replace("\"UTC\"", "\"Europe/Pari\"", StringComparison.Ordinal);
        return ShouldTellAsync(2, "jobs/letters.json: schedule[0].timeZone: \"Europe/Pari\" is not known on this machine. Write an IANA name such as Europe/Paris, or a Windows name such as Romance Standard Time.");
    }

    [Fact]
    public Task ASecretInAFile()
    {
        Settings = """{ "Models": { "Default": "tiny" }, "Ledger": { "PostgreSql": "Host=db;Username=batch;Password=canary-5e1fe7" } }""";
        return ShouldTellAsync(2, "appsettings.json: Ledger.PostgreSql: holds a password, and secrets never stand in these files. Remove it and have it replaced where it is valid; give the password as PGPASSWORD by the environment or the service manager's credentials, or by a PGPASSFILE.");
    }

    [Fact]
    public Task AFolderWithoutConfiguration()
    {
        File.Delete(Folder["config/appsettings.json"]);
        return ShouldTellAsync(2, $"{Folder["config"]}: there is no appsettings.json, or this account may not see it. Name the configuration folder with --config or BATCHINFERENCE_CONFIG.");
    }

    [Fact]
    public async Task AFileThatTheAccountMayNotRead()
    {
        OpenToAll();
        File.SetUnixFileMode(Folder["config/jobs/letters.json"], UnixFileMode.UserRead);
        (await AsNobodyAsync()).ShouldExit(2).Errors.TrimEnd().ShouldBe($"jobs/letters.json: the file cannot be read: Access to the path '{Folder["config/jobs/letters.json"]}' is denied. Give the account nobody the right to read it.");
    }

    [Fact]
    public async Task AFolderOfSecretsThatTheAccountMayNotRead()
    {
        OpenToAll();
        Folder.Write("secrets/PGPASSWORD", "canary-5e1fe7");
        File.SetUnixFileMode(Folder["secrets"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        (await AsNobodyAsync(new Dictionary<string, string> { ["BATCHINFERENCE_SECRETS"] = Folder["secrets"] })).ShouldExit(2).Errors.TrimEnd()
            .ShouldBe($"{Folder["secrets"]}: the secrets in this folder cannot be read: Access to the path '{Folder["secrets"]}' is denied. Give this account the right to read them, or name another folder with BATCHINFERENCE_SECRETS.");
    }

    [Fact]
    public Task AModelThatIsNotOnTheShelf()
    {
        Directory.Delete(Folder["config/models/tiny"], recursive: true);
        return ShouldTellAsync(2, $"There is no model tiny in {Folder["state/models"]}, {Folder["config/models"]}. Put it on the shelf: batch-inference models add FOLDER");
    }

    [Fact]
    public async Task AModelFileWithAnotherHash()
    {
        var pinned = File.ReadLines(Folder["config/models/tiny/SHA256SUMS"]).Single(line => line.EndsWith("  config.json", StringComparison.Ordinal))[..64];
        File.AppendAllText(Folder["config/models/tiny/config.json"], " ");
        var found = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(Folder["config/models/tiny/config.json"])));
        await ShouldTellAsync(2, $"{Folder["config/models/tiny/config.json"]}: expected SHA-256 {pinned}, found {found}. Restore the folder from where it came, or, if the change is meant, pin it anew with `batch-inference models add`.");
    }

    [Fact]
    public Task AProviderThatThisBuildDoesNotHave()
    {
        Settings = """{ "Models": { "Default": "tiny", "Provider": "directml" } }""";
        return ShouldTellAsync(2, "Execution provider `directml`, device 0: expected it to open a model, found: the library has no such provider. This build has CPUExecutionProvider. Install the build for directml and the driver of the device, or set the provider to `cpu`.");
    }

    [Fact]
    public Task ALabelSetThatIsNoJson()
    {
        Folder.Write("config/labels/topics/labels.json", "{ \"labels\": [\n  \"budget\"\n  \"health\" ] }");
        Job = Job.Replace("\"model\": \"tiny\"", "\"model\": \"tiny\", \"labels\": \"topics\"", StringComparison.Ordinal);
        return ShouldTellAsync(2, $"{Folder["config/labels/topics/labels.json"]}, line 3: this is not JSON ('\"' is invalid after a value. Expected either ',', '}}', or ']'). Look for a missing comma, quote or bracket there or one line above.");
    }

    [Fact]
    public Task ALabelSetThatThereIsNot()
    {
        Job = Job.Replace("\"model\": \"tiny\"", "\"model\": \"tiny\", \"labels\": \"themes\"", StringComparison.Ordinal);
        return ShouldTellAsync(2, $"There is no label set themes in {Folder["state/labels"]}, {Folder["config/labels"]}. Make it: batch-inference labels train themes --examples FILE");
    }
}
