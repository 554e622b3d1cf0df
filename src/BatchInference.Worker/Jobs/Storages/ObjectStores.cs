using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.S3;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Jobs.Storages;

/// <summary>
/// Opens S3-compatible stores with the one credential that is given: keys of the environment, a web identity, a profile of the shared credentials file, or, only where the job asks for it, the machine's own.
/// </summary>
internal static class ObjectStores
{
    private const string Keys = "AWS_ACCESS_KEY_ID", SecretKey = "AWS_SECRET_ACCESS_KEY", SessionToken = "AWS_SESSION_TOKEN", CredentialsFile = "AWS_SHARED_CREDENTIALS_FILE",
        WebIdentityFile = "AWS_WEB_IDENTITY_TOKEN_FILE", Role = "AWS_ROLE_ARN";

    /// <param name="settings">The bucket.</param>
    /// <param name="storage">How patient the client is.</param>
    /// <param name="secrets">Those of the job's source or output.</param>
    /// <param name="key">How errors name the place: <c>jobs/archives.json: source.s3</c>.</param>
    /// <exception cref="ConfigurationException">Nothing is given that opens the store.</exception>
    public static IAmazonS3 Open(ObjectSettings settings, StorageSettings storage, GivenSecrets secrets, string key)
    {
        var region = Region(settings, secrets);
        var config = new AmazonS3Config
        {
            MaxErrorRetry = storage.Tries - 1,
            RetryMode = RequestRetryMode.Standard,
            Timeout = TimeSpan.FromSeconds(storage.RequestSeconds),
            // Content-MD5 is sent instead: every store knows it.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ForcePathStyle = settings.PathStyle ?? settings.Endpoint is not null,
        };
        if (settings.Endpoint is { } endpoint)
            (config.ServiceURL, config.AuthenticationRegion) = (endpoint, region ?? "us-east-1");
        else
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region ?? throw new ConfigurationException([$"{key}.region: is missing. Write the region of the bucket, such as eu-west-3, or the endpoint of the store."]));
        return new AmazonS3Client(Credential(settings, secrets, key), config);
    }

    /// <summary>What <see cref="Open"/> makes the program connect to: the store and, where no keys are given, who gives them.</summary>
    public static IEnumerable<OutsideAddress> Addresses(ObjectSettings settings, GivenSecrets secrets, string key)
    {
        var region = Region(settings, secrets);
        if (settings.Endpoint is { } endpoint)
            yield return new OutsideAddress(key, "S3", OutsideAddresses.Shown(new Uri(endpoint)));
        else if (region is not null)
            yield return new OutsideAddress(key, "S3", $"https://{(settings.PathStyle == true ? "" : $"{settings.Bucket}.")}s3.{region}.{Suffix(region)}");
        if (secrets.Find(Keys) is not null)
            yield break;
        if (secrets.Find(WebIdentityFile) is not null && secrets.Find(Role) is not null)
            yield return new OutsideAddress(key, "AWS STS", region is null ? "https://sts.amazonaws.com" : $"https://sts.{region}.{Suffix(region)}");
        else if (settings.InstanceProfile)
            yield return new OutsideAddress(key, "the machine's role", "http://169.254.169.254");
    }

    // amazonaws.com, but not in China.
    private static string Suffix(string region) => RegionEndpoint.GetBySystemName(region).PartitionDnsSuffix;

    private static string? Region(ObjectSettings settings, GivenSecrets secrets) => settings.Region ?? secrets.Find("AWS_REGION") ?? secrets.Find("AWS_DEFAULT_REGION");

    private static AWSCredentials Credential(ObjectSettings settings, GivenSecrets secrets, string key)
    {
        if (secrets.Find(Keys) is { } id)
        {
            var secret = secrets.Find(SecretKey) ?? throw new ConfigurationException([$"{key}: {Keys} is given without {SecretKey}. Give both."]);
            return secrets.Find(SessionToken) is { } session ? new SessionAWSCredentials(id, secret, session) : new BasicAWSCredentials(id, secret);
        }

        if (secrets.Find(WebIdentityFile) is { } tokenFile && secrets.Find(Role) is { } role)
            return new AssumeRoleWithWebIdentityCredentials(tokenFile, role, secrets.Find("AWS_ROLE_SESSION_NAME") ?? "batch-inference");
        if (Profile(secrets, key) is { } profile)
            return profile;
        if (settings.InstanceProfile)
            return new InstanceProfileAWSCredentials();
        throw new ConfigurationException([$"{key}: no keys are given. Give {Keys} and {SecretKey} by the environment or as credentials, a profile by {CredentialsFile}, or set instanceProfile to true on a machine of the cloud that has a role."]);
    }

    private static AWSCredentials? Profile(GivenSecrets secrets, string key)
    {
        var named = secrets.Find("AWS_PROFILE");
        var file = new SharedCredentialsFile(secrets.Find(CredentialsFile));
        if (file.TryGetProfile(named ?? "default", out var profile) && profile.CanCreateAWSCredentials)
            return profile.GetAWSCredentials(file);
        return named is null ? null : throw new ConfigurationException([$"{key}: there is no profile {named} with keys in {file.FilePath}. Write it there, or name another by AWS_PROFILE."]);
    }
}
