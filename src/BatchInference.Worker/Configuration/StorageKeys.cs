using System.Net;
using System.Text.Json.Nodes;

namespace BatchInference.Worker.Configuration;

/// <summary>The places that a source and an output may have: a folder, a container of Azure, a bucket of an S3-compatible store.</summary>
internal static class StorageKeys
{
    private const string PrefixOfSource = "What the names of the documents begin with, such as `2026/`. Default: all.";
    private const string PrefixOfOutput = "The job's results lie below it under the job's name. Default: at the top.";

    private static readonly (string, Key)[] Patterns =
    [
        ("include", new ListKey("Patterns of the documents to take, such as `*.pdf` or `2026/**`. `*` and `?` stay within a folder, `**/` crosses folders; a pattern without `/` is held against the file's name, one that begins with `/` counts from the top, one that ends with it is all below; case does not count, all other signs mean themselves. Default: all.", new TextKey("A pattern.", "pattern"))),
        ("exclude", new ListKey("Patterns of the documents to leave, as for `include`.", new TextKey("A pattern.", "pattern"))),
    ];

    public static SectionKey FolderSource { get; } = new("A folder with all folders below it. Links to folders, and links to files outside of it, are not followed.",
    [
        ("path", new TextKey("The folder; `${shipped}` stands for the folder of `Paths:Shipped`.", "path") { Required = true }),
        .. Patterns,
    ]);

    public static SectionKey BlobSource { get; } = new("Blobs of an Azure container.", [.. Blobs(PrefixOfSource), .. Patterns]) { Rule = Account };

    public static SectionKey ObjectSource { get; } = new("Objects of a bucket in an S3-compatible store.", [.. Objects(PrefixOfSource), .. Patterns]) { Rule = Endpoint };

    public static TextKey FolderOutput { get; } = new("The folder; the job's results lie below it under the job's name. A relative path counts from the working folder.", "path");

    public static SectionKey BlobOutput { get; } = new("Blobs of an Azure container.", Blobs(PrefixOfOutput)) { Rule = Account };

    public static SectionKey ObjectOutput { get; } = new("Objects of a bucket in an S3-compatible store.", Objects(PrefixOfOutput)) { Rule = Endpoint };

    /// <summary>True for an address of this machine itself.</summary>
    public static bool IsLoopback(Uri address) => address.IsLoopback || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));

    private static (string, Key)[] Blobs(string prefix) =>
    [
        ("account", new TextKey("Address of the account's blobs, such as `https://archives.blob.core.windows.net`, or its name. Default: that of the connection string.", "address or name of an account")),
        ("container", new TextKey("The container.", "name of a container", @"\$(root|web|logs)|[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "deposits") { Required = true }),
        ("prefix", new TextKey(prefix, "start of names") { MayBeEmpty = true }),
        ("allowHttp", AllowHttp),
    ];

    private static (string, Key)[] Objects(string prefix) =>
    [
        ("endpoint", new TextKey("Address of the store, such as `https://s3.example.fr`. Default: AWS in the region.", "address")),
        ("region", new TextKey("The store's region, such as `eu-west-3`. Default: `AWS_REGION`; with an endpoint `us-east-1`.", "name of a region")),
        ("bucket", new TextKey("The bucket.", "name of a bucket", "[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]", "deposits") { Required = true }),
        ("prefix", new TextKey(prefix, "start of names") { MayBeEmpty = true }),
        ("pathStyle", new SwitchKey("Names the bucket in the path of addresses instead of the host. Default: `true` with an endpoint.")),
        ("instanceProfile", new SwitchKey("Asks the cloud's machine for keys (its metadata address), where none are given otherwise.") { Default = false }),
        ("allowHttp", AllowHttp),
    ];

    private static SwitchKey AllowHttp => new("Also speaks `http://` with another machine than this one: documents and keys then cross the network unprotected.") { Default = false };

    private static void Account(string path, JsonObject section, ConfigurationCheck check)
    {
        // A name alone is as good as its address in the public cloud.
        if (section["account"] is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0 && text.Any(letter => !char.IsAsciiLetterLower(letter) && !char.IsAsciiDigit(letter)))
            Address($"{path}.account", value, text, section, check, "https://archives.blob.core.windows.net");
    }

    private static void Endpoint(string path, JsonObject section, ConfigurationCheck check)
    {
        if (section["endpoint"] is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0)
            Address($"{path}.endpoint", value, text, section, check, "https://s3.example.fr");
    }

    private static void Address(string path, JsonNode value, string text, JsonObject section, ConfigurationCheck check, string example)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.Query.Length > 0 || address.Fragment.Length > 0)
            check.Wrong(path, value, "is not the address of a storage", $"Write for example \"{example}\".");
        else if (address.Host.Contains(".dfs.", StringComparison.Ordinal))
            check.Wrong(path, value, "is the address of the file system, not of the blobs", $"Write \"{text.Replace(".dfs.", ".blob.", StringComparison.Ordinal)}\".");
        else if (address.Scheme == "http" && !IsLoopback(address) && !(section["allowHttp"] is JsonValue allowed && allowed.TryGetValue(out bool allow) && allow))
            check.Wrong(path, value, "would send documents and keys unprotected over the network", "Write https://, or set allowHttp to true.");
    }
}
