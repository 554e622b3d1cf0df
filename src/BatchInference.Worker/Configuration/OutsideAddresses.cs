using System.Net;
using BatchInference.Worker.Jobs.Storages;
using BatchInference.Worker.Notices;
using Npgsql;

namespace BatchInference.Worker.Configuration;

/// <summary>An address that the program connects to because the configuration says so.</summary>
/// <param name="For">Who needs it, by the key that names it: <c>jobs/archives.json: source.azureBlob</c>.</param>
/// <param name="What">What answers there.</param>
/// <param name="Address">Scheme, host and port; never a secret.</param>
internal sealed record OutsideAddress(string For, string What, string Address)
{
    /// <summary>True when what answers is on this machine.</summary>
    public bool IsThisMachine
    {
        get
        {
            var host = Uri.TryCreate(Address.Contains("://", StringComparison.Ordinal) ? Address : $"tcp://{Address}", UriKind.Absolute, out var address) ? address.Host.Trim('[', ']') : Address;
            return host is "localhost" || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip));
        }
    }
}

/// <summary>Every address that the program ever connects to: the one list that <c>doctor</c> shows and the security reviewer reads. Whatever learns to connect is added here.</summary>
internal static class OutsideAddresses
{
    /// <summary>The addresses of all jobs and of what holds for the whole program. Nobody is asked; what is given wrongly is left out, since its own check tells of it.</summary>
    public static IReadOnlyList<OutsideAddress> Of(WorkerConfiguration configuration)
    {
        var addresses = new List<OutsideAddress>();
        foreach (var job in configuration.Jobs.Values.OrderBy(job => job.Name, StringComparer.Ordinal))
        {
            Add(addresses, () => OfStorage($"jobs/{job.Name}.json: source", job.Source.AzureBlob, job.Source.S3, configuration.Secrets.Of(job.Name, "source")));
            Add(addresses, () => OfStorage($"jobs/{job.Name}.json: output", job.Output.AzureBlob, job.Output.S3, configuration.Secrets.Of(job.Name, "output")));
        }

        Add(addresses, () => OfDatabase(configuration.Settings.Ledger.PostgreSql));
        if (configuration.Settings.Telemetry.Otlp.Endpoint is { } collector)
            addresses.Add(new OutsideAddress("appsettings.json: Telemetry.Otlp.Endpoint", "OpenTelemetry collector", Shown(new Uri(collector))));
        if (configuration.Settings.Notices?.Mail is { } mail)
            addresses.Add(new OutsideAddress("appsettings.json: Notices.Mail.Server", "server of mail", $"{mail.Server}:{mail.Port}"));
        // It may hold a token, so its host alone.
        Add(addresses, () => Webhook.AddressOf(configuration.Settings.Notices, configuration.Secrets) is { } webhook
            ? [new OutsideAddress("appsettings.json: Notices.Webhook.Url", "webhook", Shown(webhook))]
            : []);
        return addresses;
    }

    /// <summary>Scheme, host and port: neither the user and password that may stand before the host, nor what comes behind.</summary>
    public static string Shown(Uri address) => address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    private static IEnumerable<OutsideAddress> OfStorage(string key, BlobSettings? blobs, ObjectSettings? objects, GivenSecrets secrets) =>
        blobs is not null ? BlobContainers.Addresses(blobs, secrets, $"{key}.azureBlob")
        : objects is not null ? ObjectStores.Addresses(objects, secrets, $"{key}.s3")
        : [];

    // Of the connection string the hosts alone: it may have come with a password.
    private static IEnumerable<OutsideAddress> OfDatabase(string? connection)
    {
        if (connection is null)
            return [];
        var given = new NpgsqlConnectionStringBuilder(connection);
        return (given.Host ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(host => !host.StartsWith('/'))
            .Select(host => new OutsideAddress("appsettings.json: Ledger.PostgreSql", "PostgreSQL", host.Contains(':', StringComparison.Ordinal) ? host : $"{host}:{given.Port}"));
    }

    private static void Add(List<OutsideAddress> addresses, Func<IEnumerable<OutsideAddress>> find)
    {
        try
        {
            addresses.AddRange(find());
        }
        catch (Exception error) when (error is ConfigurationException or ArgumentException or FormatException)
        {
            // Told by the check of the job or of the ledger.
        }
    }
}
