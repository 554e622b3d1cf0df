using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>What is told in the morning of a night of the service.</summary>
public sealed class NoticeTests : IDisposable
{
    private const string Secret = "canary-n1te";
    private readonly TinyArchive archive = new(12);

    public void Dispose() => archive.Dispose();

    [Fact]
    public async Task ANightIsToldOnceByMailUnderTlsAndByWebhook()
    {
        using var mail = new SmtpReceiver { Account = ("archives", Secret) };
        using var hook = new HttpReceiver();
        archive.Folder.Write("archive/<b>empty<b>.txt", "");
        Configure($$"""{ "Mail": { "Server": "localhost", "Port": {{mail.Port}}, "From": "archives@example.org", "To": ["admin@example.org"], "User": "archives" }, "Webhook": { "Url": "{{hook.Address}}hook" } }""");
        // The machine trusts whom this file names.
        archive.Folder.Write("ca.pem", mail.Certificate);
        var environment = new Dictionary<string, string> { ["SSL_CERT_FILE"] = archive.Folder["ca.pem"], ["BATCHINFERENCE_SMTP_PASSWORD"] = Secret };
        using (var service = WorkerProcess.Start(archive.Folder["state"], environment, "service", "--config", archive.Folder["config"]))
        {
            await service.UntilAsync(() => service.Errors.Contains("was told by webhook", StringComparison.Ordinal));
            service.Signal(PosixSignal.SIGTERM);
            (await service.EndAsync()).ShouldExit(0).Errors.ShouldNotContain(Secret);
        }

        var told = mail.Mails.ShouldHaveSingleItem();
        told.WasProtected.ShouldBeTrue();
        told.Text.ShouldContain("Subject: [BatchInference] letters, night of ");
        told.Text.ShouldContain("        12  completed\r\n");
        told.Text.ShouldContain("         1  failed\r\n");
        told.Text.ShouldContain($"Report: {archive.Folder["results"]}/letters/_runs/");
        var json = JsonNode.Parse(hook.Requests.ShouldHaveSingleItem().Text)!;
        ((string)json["end"]!).ShouldBe("complete");
        ((long)json["completed"]!).ShouldBe(12);
        ((string)json["failures"]![0]!["stage"]!).ShouldBe("extract");
        File.Exists($"{json["report"]}/manifest.json").ShouldBeTrue();

        // Started again in the same night the service finds all done, and tells nobody a second time.
        using (var again = WorkerProcess.Start(archive.Folder["state"], environment, "service", "--config", archive.Folder["config"]))
        {
            await again.UntilAsync(() => again.Errors.Contains("was done and told before", StringComparison.Ordinal));
            again.Signal(PosixSignal.SIGTERM);
            (await again.EndAsync()).ShouldExit(0);
        }

        (mail.Mails.Count, hook.Requests.Count).ShouldBe((1, 1));
    }

    private void Configure(string notices)
    {
        var now = TimeProvider.System.GetUtcNow();
        string Clock(int hours) => now.AddHours(hours).ToString("HH:mm", CultureInfo.InvariantCulture);
        archive.Folder.Write("config/appsettings.json", $$"""{ "Models": { "Default": "tiny" }, "Logging": { "Categories": { "BatchInference": "debug" } }, "Notices": {{notices}} }""");
        archive.Folder.Write("config/jobs/letters.json",
            $$"""
            { "schedule": [ { "opens": "{{Clock(-2)}}", "closes": "{{Clock(6)}}", "timeZone": "UTC" } ],
              "source": { "folder": { "path": "{{archive.Folder["archive"]}}" } }, "tasks": { "topic": { "classify": { "model": "tiny" } } }, "output": { "folder": "{{archive.Folder["results"]}}" } }
            """);
    }
}
