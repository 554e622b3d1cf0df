using System.Net;
using Amazon.S3;
using Amazon.S3.Model;

namespace BatchInference.S3;

/// <summary>Whether a store keeps the first of two objects of one name when both are written create-only.</summary>
public static class ConditionalWrites
{
    /// <summary>Writes a probe twice and removes it.</summary>
    /// <exception cref="IOException">The store does not take it, or does not let it be removed; the reason names the remedy.</exception>
    public static async Task<bool> AreKeptAsync(IAmazonS3 client, string bucket, string prefix, CancellationToken cancellationToken)
    {
        var key = $"{prefix}/.probe-{Guid.NewGuid():N}";
        try
        {
            // A refusal of the first can only mean that the client's second try met its own first one.
            var kept = await IsRefusedAsync(client, bucket, key, cancellationToken) || await IsRefusedAsync(client, bucket, key, cancellationToken);
            await client.DeleteObjectAsync(bucket, key, cancellationToken);
            return kept;
        }
        catch (AmazonS3Exception failure) when (failure.StatusCode == HttpStatusCode.NotImplemented)
        {
            return false;
        }
        catch (Exception failure) when (ObjectErrors.Is(failure, cancellationToken))
        {
            throw ObjectErrors.Told($"{ObjectAddress.Of(client, bucket, prefix)} cannot be written", failure);
        }
    }

    private static async Task<bool> IsRefusedAsync(IAmazonS3 client, string bucket, string key, CancellationToken cancellationToken)
    {
        try
        {
            await PutAsync(client, bucket, key, cancellationToken);
            return false;
        }
        catch (AmazonS3Exception failure) when (failure.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict)
        {
            return true;
        }
    }

    private static Task<PutObjectResponse> PutAsync(IAmazonS3 client, string bucket, string key, CancellationToken cancellationToken) =>
        client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = key, ContentBody = "probe", UseChunkEncoding = false, IfNoneMatch = "*" }, cancellationToken);
}
