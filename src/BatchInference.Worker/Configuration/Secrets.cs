using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace BatchInference.Worker.Configuration;

/// <summary>Finds what must never stand in a configuration file: files are copied, backed up and shown in manifests.</summary>
internal static partial class Secrets
{
    /// <summary>Tells of every value that looks like a secret, without showing it.</summary>
    public static void Refuse(JsonNode? node, string path, ConfigurationCheck check)
    {
        if (node is JsonObject section)
            foreach (var (name, inner) in section)
            {
                if (inner is JsonValue named && named.TryGetValue<string>(out var given) && given.Length > 0 && SecretName().IsMatch(name))
                    check.Add(SectionKey.Join(path, name), $"is a secret by its name, and secrets never stand in these files. {Remedy(path)}");
                else
                    Refuse(inner, SectionKey.Join(path, name), check);
            }
        else if (node is JsonArray list)
            for (var index = 0; index < list.Count; index++)
                Refuse(list[index], $"{path}[{index}]", check);
        else if (node is JsonValue value && value.TryGetValue<string>(out var text) && KindOf(text) is { } kind)
            check.Add(path, $"holds {kind}, and secrets never stand in these files. {Remedy(path)}");
    }

    // What was in a file may have been copied: it is to be replaced where it is valid.
    private static string Remedy(string path) => "Remove it and have it replaced where it is valid; " + path switch
    {
        _ when path.StartsWith("Notices.Mail", StringComparison.Ordinal) => $"give the password as {MailSettings.PasswordSecret} by the environment or the service manager's credentials.",
        _ when path.StartsWith("Notices.Webhook", StringComparison.Ordinal) => $"give the address as {WebhookSettings.AddressSecret}, a token as {WebhookSettings.AuthorizationSecret}, by the environment or the service manager's credentials.",
        _ when path.StartsWith("Telemetry.Otlp", StringComparison.Ordinal) => $"give what the collector wants to see as {OtlpSettings.HeadersSecret} by the environment or the service manager's credentials.",
        _ when path.StartsWith("Ledger", StringComparison.Ordinal) => "give the password as PGPASSWORD by the environment or the service manager's credentials, or by a PGPASSFILE.",
        _ => "give secrets by the machine's identity, the environment, or the service manager's credentials.",
    };

    private static string? KindOf(string text) =>
        StorageKey().IsMatch(text) ? "the key of a storage account"
        : Signature().IsMatch(text) ? "a shared access signature"
        : AccessKey().IsMatch(text) ? "an access key"
        : PrivateKey().IsMatch(text) ? "a private key"
        : Password().IsMatch(text) ? "a password"
        : Token().IsMatch(text) ? "a token"
        : null;

    [GeneratedRegex("^(.*password|passwd|pwd|.*secret|secret_?(access_?)?key|(access_?|bearer_?|auth_?)?token|(api|account|access)_?key|sas|headers|authorization)$", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    // In the query of an address; and addresses of webhooks that let in whoever knows them.
    [GeneratedRegex("[?&](api[-_]?key|key|token|access_token|code|secret)=|hooks\\.slack\\.com/(services|workflows)/|\\.webhook\\.office\\.com/|discord(app)?\\.com/api/webhooks/", RegexOptions.IgnoreCase)]
    private static partial Regex Token();

    [GeneratedRegex("(AccountKey|SharedAccessKey)=", RegexOptions.IgnoreCase)]
    private static partial Regex StorageKey();

    [GeneratedRegex("[?&]sig=|SharedAccessSignature=", RegexOptions.IgnoreCase)]
    private static partial Regex Signature();

    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    [GeneratedRegex("\\b(AKIA|ASIA)[0-9A-Z]{16}\\b")]
    private static partial Regex AccessKey();

    [GeneratedRegex("-----BEGIN [A-Z ]*PRIVATE KEY")]
    private static partial Regex PrivateKey();

    // As the user information of an address (RFC 3986, 3.2.1), or as in a connection string.
    [GeneratedRegex("://[^/@\\s:]+:[^/@\\s]+@|\\b(Password|Pwd)\\s*=", RegexOptions.IgnoreCase)]
    private static partial Regex Password();
}
