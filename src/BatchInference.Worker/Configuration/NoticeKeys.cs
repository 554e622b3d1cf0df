using System.Text.Json.Nodes;

namespace BatchInference.Worker.Configuration;

/// <summary>The keys of the morning's mail and webhook.</summary>
internal static class NoticeKeys
{
    private const string Mailbox = @"[^@\s<>,;\x00-\x1f]+@[^@\s<>,;\x00-\x1f]+";

    public static SectionKey Section { get; } = new("Who is told each morning how the night of a job went. Without it nobody is.",
    [
        ("When", new ChoiceKey("After every night, or only after one that ended before all was done or left documents without an answer.", "always", "problems") { Default = "always" }),
        ("Mail", new SectionKey("A mail, by SMTP.",
        [
            ("Server", new TextKey("The server of outgoing mail.", "name of a machine", @"[A-Za-z0-9._:-]+", "smtp.example.fr") { Required = true }),
            ("Port", new IntegerKey("Its port.", 1, 65_535) { Default = 587 }),
            ("Security", new ChoiceKey("How the way there is protected: TLS after a greeting, TLS from the first byte (usually port 465), not at all.", "starttls", "tls", "none") { Default = "starttls" }),
            ("From", new TextKey("Who it comes from.", "mail address", Mailbox, "archives@example.fr") { Required = true }),
            ("To", new ListKey("Who gets it.", new TextKey("An address.", "mail address", Mailbox, "admin@example.fr"), 1) { Required = true }),
            ("User", new TextKey("Name for the server, where it asks for one; the password comes as the secret `BATCHINFERENCE_SMTP_PASSWORD`.", "name")),
        ]) { Rule = Password }),
        ("Webhook", new SectionKey("A POST of JSON.",
        [
            ("Url", new TextKey("Where to. An address that holds a token is a secret: give it as `BATCHINFERENCE_WEBHOOK_URL` instead. What the header Authorization is to say comes as `BATCHINFERENCE_WEBHOOK_AUTHORIZATION`.", "address")),
            ("AllowHttp", new SwitchKey("Also speaks `http://` with another machine than this one, unprotected.") { Default = false }),
        ]) { Rule = (path, section, check) => WatchKeys.Protected(path, "Url", section, check, "https://hooks.example.fr/archives") }),
    ]);

    private static void Password(string path, JsonObject mail, ConfigurationCheck check)
    {
        if (mail["Security"]?.ToString() == "none" && mail.ContainsKey("User") && !StorageKeys.IsLoopback(new UriBuilder("smtp", mail["Server"]?.ToString() is { Length: > 0 } server && Uri.CheckHostName(server) != UriHostNameType.Unknown ? server : "unknown").Uri))
            check.Wrong($"{path}.Security", mail["Security"], "would send the password unprotected over the network", "Write starttls or tls, or leave out User where the server asks for none.");
    }
}
