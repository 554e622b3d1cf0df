using System.Collections;
using System.Text.Json.Nodes;
using BatchInference.Pipeline;
using BatchInference.Testing;
using BatchInference.Worker.Commands;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Notices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace BatchInference.Worker.Tests.Notices;

/// <summary>Mail and webhook against real servers of the test.</summary>
public sealed class NightNoticesTests : IDisposable
{
    private const string Secret = "canary-5m7p";
    private static readonly NightReport Report = new() { Job = "archives", Night = new DateOnly(2026, 11, 25), End = RunEnd.Complete, Counts = new RunCounts { Completed = 12, Failed = 1 } };
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 26, 5, 0, 0, TimeSpan.Zero));
    private readonly TempFolder folder = new();
    private readonly Told told = new();

    public void Dispose() => folder.Dispose();

    [Theory, InlineData("starttls"), InlineData("tls")]
    public async Task AMailGoesUnderTlsAndWithThePassword(string security)
    {
        using var server = new SmtpReceiver { TlsAtOnce = security == "tls", Account = ("archives", Secret) };
        await new MorningMail(Mail(server, security, "archives"), Secret, time) { Trusts = (_, certificate, _, _) => certificate?.GetCertHashString() == server.Thumbprint }.SendAsync(Report, CancellationToken.None);
        var mail = server.Mails.ShouldHaveSingleItem();
        mail.WasProtected.ShouldBeTrue();
        mail.From.ShouldStartWith("MAIL FROM:<archives@example.org>");
        mail.To.Select(line => line.Split(' ')[1]).ShouldBe(["TO:<admin@example.org>", "TO:<chief@example.org>"]);
        mail.Text.ShouldContain("Subject: [BatchInference] archives, night of 2026-11-25: complete, with\r\n failures");
        mail.Text.ShouldContain("Date: Thu, 26 Nov 2026 05:00:00 +0000");
        mail.Text.ShouldContain("        12  completed");
        mail.Text.ShouldNotContain(Secret);
    }

    [Fact]
    public async Task ACertificateThatTheMachineDoesNotTrustGetsNeitherPasswordNorMail()
    {
        using var server = new SmtpReceiver { Account = ("archives", Secret) };
        var refused = await Should.ThrowAsync<NoticeRefusedException>(() => new MorningMail(Mail(server, "starttls", "archives"), Secret, time).SendAsync(Report, CancellationToken.None));
        refused.Message.ShouldContain("not one that this machine trusts");
        server.Said.ShouldAllBe(line => !line.StartsWith("AUTH", StringComparison.Ordinal));
        server.Mails.ShouldBeEmpty();
    }

    [Fact]
    public async Task AServerThatHidesItsTlsGetsNoMail()
    {
        using var server = new SmtpReceiver { OffersTls = false };
        var refused = await Should.ThrowAsync<NoticeRefusedException>(() => new MorningMail(Mail(server, "starttls", null), null, time).SendAsync(Report, CancellationToken.None));
        refused.Message.ShouldContain("STARTTLS");
        server.Mails.ShouldBeEmpty();
    }

    [Fact]
    public async Task AWrongPasswordIsTriedOnceAndNotShown()
    {
        using var server = new SmtpReceiver { OffersTls = false, Account = ("archives", "another") };
        await TellAsync($$"""{ "Mail": { "Server": "127.0.0.1", "Port": {{server.Port}}, "Security": "none", "From": "archives@example.org", "To": ["admin@example.org"], "User": "archives" } }""", new Hashtable { ["BATCHINFERENCE_SMTP_PASSWORD"] = Secret });
        server.Connections.ShouldBe(1);
        told.Lines.ShouldBe([$"Error Job archives: how the night of 2026-11-25 went could not be told by mail by 127.0.0.1:{server.Port}: the server does not let archives in. Give the right password as BATCHINFERENCE_SMTP_PASSWORD"]);
    }

    [Fact]
    public async Task AServerThatPutsItOffIsAskedAgain()
    {
        using var server = new SmtpReceiver { OffersTls = false, Failing = 2 };
        await TellAsync($$"""{ "Mail": { "Server": "127.0.0.1", "Port": {{server.Port}}, "Security": "none", "From": "archives@example.org", "To": ["admin@example.org"] } }""", []);
        server.Mails.ShouldHaveSingleItem();
        server.Connections.ShouldBe(3);
        told.Lines.ShouldBe([$"Information Job archives: how the night of 2026-11-25 went was told by mail by 127.0.0.1:{server.Port}"]);
    }

    [Fact]
    public async Task AServerThatIsAwayIsGivenUpAfterAFewTriesAndTheOtherChannelIsStillUsed()
    {
        using var gone = new DeadPort();
        using var hook = new HttpReceiver { Answer = request => 204 };
        await TellAsync($$"""{ "Mail": { "Server": "127.0.0.1", "Port": {{gone.Number}}, "Security": "none", "From": "archives@example.org", "To": ["admin@example.org"] }, "Webhook": { "Url": "{{hook.Address}}hook" } }""", new Hashtable { ["BATCHINFERENCE_WEBHOOK_AUTHORIZATION"] = $"Bearer {Secret}" });
        told.Lines.Count.ShouldBe(2);
        told.Lines[0].ShouldStartWith($"Error Job archives: how the night of 2026-11-25 went could not be told by mail by 127.0.0.1:{gone.Number}: ");
        var request = hook.Requests.ShouldHaveSingleItem();
        (request.Method, request.Target, request.Header("Authorization"), request.Header("Content-Type")).ShouldBe(("POST", "/hook", $"Bearer {Secret}", "application/json; charset=utf-8"));
        ((long)JsonNode.Parse(request.Text)!["completed"]!).ShouldBe(12);
        request.Text.ShouldNotContain(Secret);
    }

    [Fact]
    public async Task AWebhookIsAskedAgainWhereThatHelpsAndFollowedNowhere()
    {
        using var elsewhere = new HttpReceiver();
        var answers = new Queue<int>([503, 429, 200]);
        using var hook = new HttpReceiver { Answer = _ => answers.Dequeue() };
        var settings = new Hashtable { ["BATCHINFERENCE_WEBHOOK_URL"] = $"{hook.Address}{Secret}" };
        await TellAsync("""{ "Webhook": { } }""", settings);
        hook.Requests.Count.ShouldBe(3);
        told.Lines.ShouldBe([$"Information Job archives: how the night of 2026-11-25 went was told by webhook of {hook.Address.Authority}"]);

        answers.Enqueue(302);
        await TellAsync("""{ "Webhook": { } }""", settings);
        hook.Requests.Count.ShouldBe(4);
        elsewhere.Requests.ShouldBeEmpty();
        told.Lines[^1].ShouldBe($"Error Job archives: how the night of 2026-11-25 went could not be told by webhook of {hook.Address.Authority}: it answered 302");
    }

    [Fact]
    public async Task OnlyProblemsAreToldWhereOnlyTheyAreWanted()
    {
        using var hook = new HttpReceiver();
        var settings = $$"""{ "When": "problems", "Webhook": { "Url": "{{hook.Address}}" } }""";
        await TellAsync(settings, [], Report with { Counts = new RunCounts { Completed = 1 } });
        hook.Requests.ShouldBeEmpty();
        await TellAsync(settings, []);
        hook.Requests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task WithoutAnyNobodyIsTold()
    {
        folder.Write("config/appsettings.json", "{}");
        Directory.CreateDirectory(folder["config/jobs"]);
        await Notices().TellAsync(Read([]), Report, CancellationToken.None);
        told.Lines.ShouldBeEmpty();
    }

    [Fact]
    public void WhatCannotWorkIsRefusedAtTheDoor()
    {
        Configure("""{ "Mail": { "Server": "smtp.example", "From": "a@example.org", "To": ["b@example.org"], "User": "archives" } }""");
        Should.Throw<ConfigurationException>(() => NightNotices.Check(Read([]))).Errors.ShouldBe(["appsettings.json: Notices.Mail.User: a name is given without its password. Give BATCHINFERENCE_SMTP_PASSWORD by the environment or as a credential, or leave User out."]);
        Configure("""{ "Webhook": { } }""");
        Should.Throw<ConfigurationException>(() => NightNotices.Check(Read([]))).Errors.ShouldBe(["appsettings.json: Notices.Webhook: no address is given. Write it as Url, or give it as BATCHINFERENCE_WEBHOOK_URL where it holds a token."]);
        var wrong = Should.Throw<ConfigurationException>(() => NightNotices.Check(Read(new Hashtable { ["BATCHINFERENCE_WEBHOOK_URL"] = $"http://hooks.example/{Secret}" }))).Errors.ShouldHaveSingleItem();
        wrong.ShouldBe("BATCHINFERENCE_WEBHOOK_URL: this is no https:// address. Give the whole address of the webhook; for http:// set Notices.Webhook.AllowHttp to true.");
    }

    private NightNotices Notices() => new(new Surroundings(TextWriter.Null, TextWriter.Null, TextReader.Null, new Hashtable(), folder, folder, time), told);

    // The clock goes on while the notice waits for its next try.
    private async Task TellAsync(string notices, Hashtable environment, NightReport? report = null)
    {
        Configure(notices);
        var telling = Notices().TellAsync(Read(environment), report ?? Report, CancellationToken.None);
        while (!telling.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.WhenAny(telling, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None));
        }

        await telling;
    }

    private void Configure(string notices)
    {
        folder.Write("config/appsettings.json", $$"""{ "Notices": {{notices}} }""");
        Directory.CreateDirectory(folder["config/jobs"]);
    }

    private WorkerConfiguration Read(Hashtable environment) => WorkerConfiguration.Read(folder["config"], folder["state"], folder["program"], environment);

    private static MailSettings Mail(SmtpReceiver server, string security, string? user) =>
        new() { Server = "localhost", Port = server.Port, Security = security, From = "archives@example.org", To = ["admin@example.org", "chief@example.org"], User = user };

    private sealed class Told : ILogger<NightNotices>
    {
        public List<string> Lines { get; } = [];

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add($"{logLevel} {formatter(state, exception)}");

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }
}
