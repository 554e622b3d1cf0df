using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using BatchInference.Documents;

namespace BatchInference.S3;

/// <summary>The objects of a bucket below a prefix. A document's path is the object's whole key, its version the ETag.</summary>
/// <param name="client">The store, with its credential; the client's own retries cover single requests.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="prefix">What the keys begin with; empty for the whole bucket.</param>
/// <param name="wanted">Which of the keys are documents of the job (include and exclude).</param>
public sealed class ObjectSource(IAmazonS3 client, string bucket, string prefix, Func<string, bool> wanted) : DocumentSource
{
    /// <inheritdoc/>
    public override string Description => ObjectAddress.Of(client, bucket, prefix);

    /// <inheritdoc/>
    public override async IAsyncEnumerable<Document> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in ObjectListing.EachAsync(client, bucket, prefix, Description, cancellationToken))
        {
            // Keys that end with a slash are the folders that consoles make.
            if (item.Key.EndsWith('/') || !wanted(item.Key)) continue;
            yield return ToDocument(item);
        }
    }

    private Document ToDocument(S3Object item)
    {
        var etag = item.ETag;
        var archived = item.StorageClass == S3StorageClass.Glacier || item.StorageClass == S3StorageClass.DeepArchive;
        return new Document(new DocumentId(item.Key, etag.Trim('"')), item.Size, cancellationToken => archived
            ? throw new DocumentException("The object lies in an archive class and cannot be read; restore it, the next run reads it then.", permanent: false)
            : OpenAsync(item.Key, etag, cancellationToken));
    }

    private async ValueTask<Stream> OpenAsync(string key, string etag, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await client.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = key, EtagToMatch = etag }, cancellationToken);
            return answer.ResponseStream;
        }
        catch (Exception failure) when (ObjectErrors.Is(failure))
        {
            throw new DocumentException(ObjectErrors.Reason(failure), permanent: false, failure);
        }
    }
}
