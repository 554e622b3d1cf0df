using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace BatchInference.S3;

/// <summary>Lists a bucket page by page.</summary>
internal static class ObjectListing
{
    public static async IAsyncEnumerable<S3Object> EachAsync(IAmazonS3 client, string bucket, string prefix, string description, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = prefix };
        do
        {
            ListObjectsV2Response page;
            try
            {
                page = await client.ListObjectsV2Async(request, cancellationToken);
            }
            catch (Exception failure) when (ObjectErrors.Is(failure))
            {
                throw new IOException($"{description} cannot be listed. {ObjectErrors.Reason(failure)}", failure);
            }

            foreach (var item in page.S3Objects ?? [])
                yield return item;
            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }
}
