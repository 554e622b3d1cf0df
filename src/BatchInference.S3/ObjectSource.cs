using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using BatchInference.Documents;
using Polly;

namespace BatchInference.S3;

/// <summary>The objects of a bucket below a prefix. A document's path is the object's whole key, its version the ETag. Earlier versions are not listed.</summary>
/// <param name="client">The store, with its credential; the client's own tries cover single requests.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="prefix">What the keys begin with; empty for the whole bucket.</param>
/// <param name="names">Which of the keys are documents of the job.</param>
public sealed class ObjectSource(IAmazonS3 client, string bucket, string prefix, NameFilter names) : DocumentSource
{
    internal const string Archived = "The object lies in an archive class and cannot be read; restore it (it takes some hours), a later run reads it then.";

    /// <summary>How the listing of one page is tried again.</summary>
    public ResiliencePipeline Pages { get; init; } = ResiliencePipeline.Empty;

    /// <inheritdoc/>
    public override string Description => ObjectAddress.Of(client, bucket, prefix);

    /// <inheritdoc/>
    public override async IAsyncEnumerable<Document> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in ObjectListing.EachAsync(client, bucket, prefix, Description, Pages, cancellationToken))
            if (names.Matches(item.Key))
                yield return Listed(new DocumentId(item.Key, item.ETag.Trim('"')), item.Size);
    }

    /// <inheritdoc/>
    public override Document Listed(DocumentId id, long? length) =>
        // An archive class does not tell whether the object was restored: only reading it does.
        new(id, length, cancellationToken => OpenAsync(id.Path, $"\"{id.Version}\"", cancellationToken));

    private async ValueTask<Stream> OpenAsync(string key, string etag, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest { BucketName = bucket, Key = key, EtagToMatch = etag };
        try
        {
            return await ObjectContent.OpenAsync(client, request, cancellationToken);
        }
        catch (Exception failure) when (ObjectErrors.Is(failure, cancellationToken))
        {
            throw ObjectErrors.IsOutage(failure) ? ObjectErrors.Told($"{key} cannot be read", failure) : new DocumentException(ObjectErrors.Reason(failure), permanent: false, failure);
        }
    }
}
