using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Jobs.Storages;

/// <summary>A connection string of Azure Storage, taken apart; only what blobs need.</summary>
/// <remarks>https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string</remarks>
internal sealed record ConnectionString(Uri BlobEndpoint, string? AccountName, string? AccountKey, string? Signature)
{
    // The emulator's account is the same everywhere, and public.
    private const string Emulator =
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1";

    public static ConnectionString Parse(string text, string key)
    {
        var parts = Parts(text);
        if (parts.TryGetValue("UseDevelopmentStorage", out var emulator) && emulator.Equals("true", StringComparison.OrdinalIgnoreCase))
            parts = Parts(Emulator);
        var name = parts.GetValueOrDefault("AccountName");
        var endpoint = parts.GetValueOrDefault("BlobEndpoint")
            ?? (name is null ? null : $"{parts.GetValueOrDefault("DefaultEndpointsProtocol") ?? "https"}://{name}.blob.{parts.GetValueOrDefault("EndpointSuffix") ?? "core.windows.net"}");
        return Uri.TryCreate(endpoint?.TrimEnd('/'), UriKind.Absolute, out var address) && address is { Scheme: "http" or "https" }
            ? new ConnectionString(address, name, parts.GetValueOrDefault("AccountKey"), parts.GetValueOrDefault("SharedAccessSignature"))
            : throw new ConfigurationException([$"{key}: the connection string names neither AccountName nor BlobEndpoint. Copy it whole from the account's access keys."]);
    }

    /// <summary>The address alone: the rest is secret.</summary>
    public override string ToString() => BlobEndpoint.ToString();

    private static Dictionary<string, string> Parts(string text)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            if (part.IndexOf('=', StringComparison.Ordinal) is > 0 and var at && part[(at + 1)..].Trim() is { Length: > 0 } value)
                parts[part[..at].Trim()] = value;
        return parts;
    }
}
