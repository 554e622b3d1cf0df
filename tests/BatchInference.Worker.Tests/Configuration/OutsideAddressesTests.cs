using System.Collections;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Tests.Configuration;

/// <summary>What the program tells the security reviewer that it connects to.</summary>
public sealed class OutsideAddressesTests : IDisposable
{
    private const string Secret = "canary-77b1";
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void FoldersAndTheFileOfTheLedgerAreInsideTheMachine()
    {
        Job("folders", """{ "folder": { "path": "/archive" } }""", """{ "folder": "/results" }""");
        Addresses("{}", []).ShouldBeEmpty();
    }

    [Fact]
    public void AStorageComesWithWhoeverKnowsItsIdentity()
    {
        Job("azure", """{ "azureBlob": { "account": "archives", "container": "deposits" } }""", """{ "s3": { "region": "eu-west-3", "bucket": "results", "instanceProfile": true } }""");
        Addresses("{}", []).ShouldBe(
        [
            "jobs/azure.json: source.azureBlob: Azure Blob Storage at https://archives.blob.core.windows.net",
            "jobs/azure.json: source.azureBlob: the machine's identity at http://169.254.169.254",
            "jobs/azure.json: output.s3: S3 at https://results.s3.eu-west-3.amazonaws.com",
            "jobs/azure.json: output.s3: the machine's role at http://169.254.169.254",
        ]);
        Addresses("{}", new Hashtable { ["AZURE_TENANT_ID"] = "tenant", ["AZURE_CLIENT_ID"] = "client", ["AZURE_CLIENT_SECRET"] = Secret, ["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/token", ["AWS_ROLE_ARN"] = "arn" }).ShouldBe(
        [
            "jobs/azure.json: source.azureBlob: Azure Blob Storage at https://archives.blob.core.windows.net",
            "jobs/azure.json: source.azureBlob: Microsoft Entra ID at https://login.microsoftonline.com",
            "jobs/azure.json: output.s3: S3 at https://results.s3.eu-west-3.amazonaws.com",
            "jobs/azure.json: output.s3: AWS STS at https://sts.eu-west-3.amazonaws.com",
        ]);
    }

    [Fact]
    public void AKeyNeedsNobodyElseAndIsNotShown()
    {
        Job("keys", """{ "azureBlob": { "container": "deposits" } }""", """{ "s3": { "endpoint": "http://localhost:9000/", "bucket": "results" } }""");
        var given = new Hashtable
        {
            ["AZURE_STORAGE_CONNECTION_STRING"] = $"DefaultEndpointsProtocol=https;AccountName=archives;AccountKey={Secret};EndpointSuffix=core.example",
            ["AWS_ACCESS_KEY_ID"] = "id", ["AWS_SECRET_ACCESS_KEY"] = Secret,
            ["BATCHINFERENCE__Ledger__PostgreSql"] = $"Host=db1,db2:5433,/run/postgresql;Username=batch;Password={Secret}",
        };
        var addresses = Addresses("{}", given);
        addresses.ShouldBe(
        [
            "jobs/keys.json: source.azureBlob: Azure Blob Storage at https://archives.blob.core.example",
            "jobs/keys.json: output.s3: S3 at http://localhost:9000 (this machine)",
            "appsettings.json: Ledger.PostgreSql: PostgreSQL at db1:5432",
            "appsettings.json: Ledger.PostgreSql: PostgreSQL at db2:5433",
        ]);
        addresses.ShouldNotContain(line => line.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public void ACollectorOfOpenTelemetryIsOne()
    {
        Directory.CreateDirectory(folder["config/jobs"]);
        Addresses("""{ "Telemetry": { "Otlp": { "Endpoint": "https://otel.example:4318/path" } } }""", []).ShouldBe(["appsettings.json: Telemetry.Otlp.Endpoint: OpenTelemetry collector at https://otel.example:4318"]);
    }

    [Fact]
    public void MailAndWebhookAreListedWithoutTheTokenOfTheAddress()
    {
        Directory.CreateDirectory(folder["config/jobs"]);
        Addresses("""{ "Notices": { "Mail": { "Server": "smtp.example", "From": "a@example.org", "To": ["b@example.org"] }, "Webhook": { } } }""", new Hashtable { ["BATCHINFERENCE_WEBHOOK_URL"] = $"https://hooks.example/{Secret}" }).ShouldBe(
        [
            "appsettings.json: Notices.Mail.Server: server of mail at smtp.example:587",
            "appsettings.json: Notices.Webhook.Url: webhook at https://hooks.example",
        ]);
    }

    [Fact]
    public void UserAndPasswordInAnAddressAreNotShown()
    {
        OutsideAddresses.Shown(new Uri($"http://{Secret}@[::1]:9000/?token={Secret}")).ShouldBe("http://[::1]:9000");
        Directory.CreateDirectory(folder["config/jobs"]);
        Addresses("""{ "Notices": { "Webhook": { } } }""", new Hashtable { ["BATCHINFERENCE_WEBHOOK_URL"] = $"https://archives:{Secret}@hooks.example/{Secret}" })
            .ShouldBe(["appsettings.json: Notices.Webhook.Url: webhook at https://hooks.example"]);
    }

    [Theory, InlineData("127.0.0.1:5432", true), InlineData("http://[::1]:4318", true), InlineData("localhost", true), InlineData("https://mail.example", false), InlineData("10.0.0.1:25", false)]
    public void WhatAnswersOnThisMachineIsKnown(string address, bool here) => new OutsideAddress("key", "what", address).IsThisMachine.ShouldBe(here);

    private void Job(string name, string source, string output) =>
        folder.Write($"config/jobs/{name}.json", $$"""{ "source": {{source}}, "tasks": { "topic": { "classify": { "labels": "topics" } } }, "output": {{output}} }""");

    private string[] Addresses(string settings, Hashtable environment)
    {
        folder.Write("config/appsettings.json", settings);
        var configuration = WorkerConfiguration.Read(folder["config"], folder["state"], folder["program"], environment);
        return [.. OutsideAddresses.Of(configuration).Select(address => $"{address.For}: {address.What} at {address.Address}{(address.IsThisMachine ? " (this machine)" : "")}")];
    }
}
