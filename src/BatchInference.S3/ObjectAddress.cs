using Amazon.S3;

namespace BatchInference.S3;

/// <summary>What an admin recognises a place in a store by.</summary>
internal static class ObjectAddress
{
    public static string Of(IAmazonS3 client, string bucket, string prefix) =>
        client.Config.ServiceURL is { Length: > 0 } endpoint ? $"{endpoint.TrimEnd('/')}/{bucket}/{prefix}" : $"s3://{bucket}/{prefix} ({client.Config.RegionEndpoint?.SystemName})";
}
