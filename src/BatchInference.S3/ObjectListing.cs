using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using Polly;

namespace BatchInference.S3;

/// <summary>Lists a bucket page by page, without the folders that consoles make: empty objects whose key ends with a slash.</summary>
internal static class ObjectListing
{
    public static async IAsyncEnumerable<S3Object> EachAsync(
        IAmazonS3 client, string bucket, string prefix, string description, ResiliencePipeline pipeline, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var page = await pipeline.ExecuteAsync(async token => await PageAsync(client, bucket, prefix, description, next, token), cancellationToken);
            foreach (var item in page.S3Objects ?? [])
                if (!item.Key.EndsWith('/'))
                    yield return item;
            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    private static async Task<ListObjectsV2Response> PageAsync(IAmazonS3 client, string bucket, string prefix, string description, string? next, CancellationToken cancellationToken)
    {
        try
        {
            return await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket, Prefix = prefix, ContinuationToken = next }, cancellationToken);
        }
        catch (Exception failure) when (ObjectErrors.Is(failure, cancellationToken))
        {
            throw ObjectErrors.Told($"{description} cannot be listed", failure);
        }
    }
}
