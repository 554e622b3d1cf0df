using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using BatchInference.Documents;
using Polly;

namespace BatchInference.Azure;

/// <summary>
/// The blobs of a container below a prefix, flat or with a hierarchical namespace. A document's path is the blob's whole name, its version the ETag.
/// Snapshots and earlier versions are not listed.
/// </summary>
/// <param name="container">The container, with its credential; the client's own tries cover single requests.</param>
/// <param name="prefix">What the names begin with; empty for the whole container.</param>
/// <param name="names">Which of the names are documents of the job.</param>
public sealed class BlobSource(BlobContainerClient container, string prefix, NameFilter names) : DocumentSource
{
    /// <summary>How the listing of one page is tried again.</summary>
    public ResiliencePipeline Pages { get; init; } = ResiliencePipeline.Empty;

    /// <inheritdoc/>
    public override string Description => $"{container.Uri.GetLeftPart(UriPartial.Path)}/{prefix}";

    /// <inheritdoc/>
    public override async IAsyncEnumerable<Document> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var blob in BlobListing.EachAsync(container, prefix, Description, Pages, cancellationToken))
            if (names.Matches(blob.Name))
                yield return ToDocument(blob.Name, blob.Properties);
    }

    // Of a listed blob only this is kept: a whole item is some kilobytes, and a shard has many.
    private Document ToDocument(string name, BlobItemProperties properties)
    {
        var etag = properties.ETag ?? throw new IOException($"{Description}: the storage lists {name} without an ETag.");
        var id = new DocumentId(name, etag.ToString("H").Trim('"'));
        return properties.AccessTier == AccessTier.Archive
            ? new Document(id, properties.ContentLength, _ => throw Archived(properties.ArchiveStatus))
            : Listed(id, properties.ContentLength);
    }

    /// <inheritdoc/>
    public override Document Listed(DocumentId id, long? length) => new(id, length, cancellationToken =>
        id.Path.Split('/').Any(part => part is "." or "..") ? throw Unaddressable() : OpenAsync(id.Path, new ETag($"\"{id.Version}\""), cancellationToken));

    private async ValueTask<Stream> OpenAsync(string name, ETag etag, CancellationToken cancellationToken)
    {
        var blob = container.GetBlobClient(name);
        try
        {
            // The content goes on by range after a break, under the same condition; the client does that.
            var options = new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfMatch = etag } };
            var download = await blob.DownloadStreamingAsync(options, cancellationToken);
            return new BlobContent(download.Value.Content, download.Value.Details.ContentHash);
        }
        catch (Exception failure) when (BlobErrors.Is(failure, cancellationToken))
        {
            throw BlobErrors.IsOutage(failure) ? BlobErrors.Told($"{name} cannot be read", failure) : new DocumentException(BlobErrors.Reason(failure), permanent: false, failure);
        }
    }

    // RFC 3986, 5.2.4: an address loses such parts, and would name another blob.
    private static DocumentException Unaddressable() => new("A part of the blob's name is . or .., which no web address can hold; rename the blob.", permanent: true);

    private static DocumentException Archived(ArchiveStatus? status) => new(
        status is null
            ? "The blob lies in the archive tier and cannot be read; move it to the Hot, Cool or Cold tier (it takes some hours), a later run reads it then."
            : "The blob is on its way out of the archive tier (it takes some hours); a later run reads it.",
        permanent: false);
}
