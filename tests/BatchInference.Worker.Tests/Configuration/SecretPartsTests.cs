using System.Collections;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Tests.Configuration;

public sealed class SecretPartsTests
{
    [Theory]
    [InlineData("AZURE_STORAGE_CONNECTION_STRING", "AccountName=a;AccountKey=a2V5a2V5;BlobEndpoint=https://a.blob.core.windows.net", "a2V5a2V5")]
    [InlineData("BATCHINFERENCE_LETTERS_SOURCE_AZURE_STORAGE_SAS_TOKEN", "sv=2021-12-02&sig=abc%2Bdef&sp=r", "abc%2Bdef")]
    [InlineData("BATCHINFERENCE__Ledger__PostgreSql", "Host=db;Username=batch;Password=canary1;Port=5432", "canary1")]
    [InlineData("HTTPS_PROXY", "http://user:canary2@proxy:8080", "canary2")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "x-a=canary3,Authorization=Basic%20canary4", "canary3")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "x-a=canary3,Authorization=Basic%20canary4", "canary4")]
    [InlineData("BATCHINFERENCE_WEBHOOK_AUTHORIZATION", "Bearer canary5", "canary5")]
    [InlineData("BATCHINFERENCE_WEBHOOK_URL", "https://hooks.example.org/services/T0/canary6?code=canary7x", "canary7x")]
    [InlineData("AWS_SECRET_ACCESS_KEY", "canary8", "canary8")]
    public void WhatALibraryWouldTakeOutOfASecretIsOneToo(string name, string value, string part) =>
        SecretParts.Of(new Hashtable { [name] = value }).ShouldContain(part);

    [Theory]
    [InlineData("AZURE_TENANT_ID", "11111111-2222")]
    [InlineData("PGHOST", "db.example.org")]
    [InlineData("AZURE_STORAGE_KEY_FILE", "/etc/key")]
    public void WhatNamesNoSecretMayBeTold(string name, string value) => SecretParts.Of(new Hashtable { [name] = value }).ShouldBeEmpty();

    [Fact]
    public void TheHostOfAWebhookMayBeTold() =>
        SecretParts.Of(new Hashtable { ["BATCHINFERENCE_WEBHOOK_URL"] = "https://hooks.example.org/services/T0/canary" }).ShouldNotContain(part => "webhook of hooks.example.org".Contains(part, StringComparison.Ordinal));
}
