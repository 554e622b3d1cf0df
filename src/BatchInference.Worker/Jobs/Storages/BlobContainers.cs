using System.Globalization;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Storage;
using Azure.Storage.Blobs;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Jobs.Storages;

/// <summary>
/// Opens containers of Azure with the one credential that is given: a connection string, a key, a signature, a workload's or an application's identity of the environment, else the machine's own.
/// Nothing is asked of anybody before the first request.
/// </summary>
internal static class BlobContainers
{
    // Has all that is used (the cold tier came with it), and is known to sovereign clouds and emulators that follow later.
    private const BlobClientOptions.ServiceVersion Version = BlobClientOptions.ServiceVersion.V2021_12_02;

    /// <param name="settings">The container.</param>
    /// <param name="storage">How patient the client is.</param>
    /// <param name="secrets">Those of the job's source or output.</param>
    /// <param name="key">How errors name the place: <c>jobs/archives.json: source.azureBlob</c>.</param>
    /// <exception cref="ConfigurationException">What is given does not fit together.</exception>
    public static BlobContainerClient Open(BlobSettings settings, StorageSettings storage, GivenSecrets secrets, string key)
    {
        var options = Options(storage);
        if (secrets.Find("AZURE_STORAGE_CONNECTION_STRING") is { } text)
            return OfConnectionString(settings, ConnectionString.Parse(text, key), options, key);
        if (settings.Account is null)
            throw new ConfigurationException([$"{key}.account: is missing, and no connection string is given. Write the address of the account, or give AZURE_STORAGE_CONNECTION_STRING by the environment or as a credential."]);
        var address = Container(Address(settings.Account), settings.Container);
        if (secrets.Find("AZURE_STORAGE_KEY") is { } accountKey)
            return new BlobContainerClient(address, SharedKey(NameOf(Address(settings.Account)), accountKey, "AZURE_STORAGE_KEY"), options);
        if (secrets.Find("AZURE_STORAGE_SAS_TOKEN") is { } signature)
            return new BlobContainerClient(address, Signature(signature, "AZURE_STORAGE_SAS_TOKEN"), options);
        if (address.Scheme != "https")
            throw new ConfigurationException([$"{key}.account: no secret is given, and an identity is never sent over http://. Give AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or write https://."]);
        return new BlobContainerClient(address, Identity(secrets), options);
    }

    /// <summary>What <see cref="Open"/> makes the program connect to: the account and, where no key is given, who knows its identity.</summary>
    public static IEnumerable<OutsideAddress> Addresses(BlobSettings settings, GivenSecrets secrets, string key)
    {
        var given = secrets.Find("AZURE_STORAGE_CONNECTION_STRING") is { } text ? ConnectionString.Parse(text, key) : null;
        if ((settings.Account is { } named ? Address(named) : given?.BlobEndpoint) is { } account)
            yield return new OutsideAddress(key, "Azure Blob Storage", OutsideAddresses.Shown(account));
        if (given is not null || secrets.Find("AZURE_STORAGE_KEY") is not null || secrets.Find("AZURE_STORAGE_SAS_TOKEN") is not null)
            yield break;
        // As Azure.Identity chooses: an application's identity is known to Entra, a machine's to the address that the cloud or the agent gives it.
        yield return secrets.Find("AZURE_TENANT_ID") is not null && secrets.Find("AZURE_CLIENT_ID") is not null && Applications.Any(name => secrets.Find(name) is not null)
            ? new OutsideAddress(key, "Microsoft Entra ID", secrets.Find("AZURE_AUTHORITY_HOST") ?? "https://login.microsoftonline.com")
            : new OutsideAddress(key, "the machine's identity", secrets.Find("IDENTITY_ENDPOINT") ?? secrets.Find("MSI_ENDPOINT") ?? "http://169.254.169.254");
    }

    private static BlobContainerClient OfConnectionString(BlobSettings settings, ConnectionString given, BlobClientOptions options, string key)
    {
        var account = settings.Account is { } named ? Address(named) : given.BlobEndpoint;
        if (given.AccountName is { } name && account.Host.Contains(".blob.", StringComparison.Ordinal) && NameOf(account) != name)
            throw new ConfigurationException([$"{key}.account: {account} is another account than that of the connection string ({name}). Write its address or leave the key out, or give the connection string of this job under BATCHINFERENCE_<JOB>_AZURE_STORAGE_CONNECTION_STRING."]);
        if (account.Scheme == "http" && !StorageKeys.IsLoopback(account) && !settings.AllowHttp)
            throw new ConfigurationException([$"{key}.account: the connection string names http://{account.Authority}, which would send documents and keys unprotected over the network. Use https://, or set allowHttp to true."]);
        var address = Container(account, settings.Container);
        return given switch
        {
            { AccountName: { } owner, AccountKey: { } accountKey } => new BlobContainerClient(address, SharedKey(owner, accountKey, "AZURE_STORAGE_CONNECTION_STRING"), options),
            { Signature: { } signature } => new BlobContainerClient(address, Signature(signature, "AZURE_STORAGE_CONNECTION_STRING"), options),
            _ => throw new ConfigurationException(["AZURE_STORAGE_CONNECTION_STRING holds neither AccountName and AccountKey nor SharedAccessSignature. Copy it whole from the account's access keys."]),
        };
    }

    private static readonly string[] Applications = ["AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH"];

    private static TokenCredential Identity(GivenSecrets secrets)
    {
        var (tenant, client) = (secrets.Find("AZURE_TENANT_ID"), secrets.Find("AZURE_CLIENT_ID"));
        if (tenant is not null && client is not null)
        {
            if (secrets.Find("AZURE_FEDERATED_TOKEN_FILE") is { } tokenFile)
                return new WorkloadIdentityCredential(new WorkloadIdentityCredentialOptions { TenantId = tenant, ClientId = client, TokenFilePath = tokenFile });
            if (secrets.Find("AZURE_CLIENT_SECRET") is { } secret)
                return new ClientSecretCredential(tenant, client, secret);
            if (secrets.Find("AZURE_CLIENT_CERTIFICATE_PATH") is { } certificate)
                return new ClientCertificateCredential(tenant, client, certificate);
        }

        return new ManagedIdentityCredential(client is null ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(client));
    }

    private static BlobClientOptions Options(StorageSettings storage)
    {
        var options = new BlobClientOptions(Version) { Transport = new HttpClientTransport(), };
        options.Retry.MaxRetries = storage.Tries - 1;
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(storage.RequestSeconds);
        options.Diagnostics.IsTelemetryEnabled = false;
        return options;
    }

    private static Uri Address(string account) => account.Contains("://", StringComparison.Ordinal) ? new Uri(account.TrimEnd('/')) : new Uri($"https://{account}.blob.core.windows.net");

    private static Uri Container(Uri account, string container) => new($"{account.AbsoluteUri.TrimEnd('/')}/{container}");

    // The first part of the host; of an emulator's address the path.
    private static string NameOf(Uri account) => account.AbsolutePath.Trim('/') is { Length: > 0 } path ? path : account.Host.Split('.')[0];

    // The storage would only refuse access; the signature itself tells when it ends.
    private static global::Azure.AzureSasCredential Signature(string signature, string from)
    {
        var ends = signature.TrimStart('?').Split('&').FirstOrDefault(part => part.StartsWith("se=", StringComparison.Ordinal)) is { } part
            && DateTimeOffset.TryParse(Uri.UnescapeDataString(part[3..]), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) ? moment : DateTimeOffset.MaxValue;
        return ends > TimeProvider.System.GetUtcNow()
            ? new global::Azure.AzureSasCredential(signature.TrimStart('?'))
            : throw new ConfigurationException([string.Create(CultureInfo.InvariantCulture, $"{from}: the shared access signature expired on {ends.UtcDateTime:yyyy-MM-dd HH:mm} UTC. Have a new one issued, one that lasts longer than the nights it is for.")]);
    }

    private static StorageSharedKeyCredential SharedKey(string account, string key, string from)
    {
        try
        {
            return new StorageSharedKeyCredential(account, key);
        }
        catch (FormatException)
        {
            throw new ConfigurationException([$"{from}: the key of the account is not whole. Copy it again from the account's access keys."]);
        }
    }
}
