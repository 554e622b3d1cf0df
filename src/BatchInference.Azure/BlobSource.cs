using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using BatchInference.Documents;

namespace BatchInference.Azure;

/// <summary>
/// The blobs of a container below a prefix, flat or with a hierarchical namespace. A document's path is the blob's whole name, its version the ETag.
/// Snapshots and earlier versions are not listed.
/// </summary>
/// <param name="container">The container, with its credential; the client's own retries cover single requests.</param>
/// <param name="prefix">What the names begin with; empty for the whole container.</param>
/// <param name="wanted">Which of the names are documents of the job (include and exclude).</param>
public sealed class BlobSource(BlobContainerClient container, string prefix, Func<string, bool> wanted) : DocumentSource
{
    /// <inheritdoc/>
    public override string Description => $"{container.Uri.GetLeftPart(UriPartial.Path)}/{prefix}";

    /// <inheritdoc/>
    public override async IAsyncEnumerable<Document> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Metadata tells the folders of a hierarchical namespace, which are listed as empty blobs.
        var pages = container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, prefix, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (pages.ConfigureAwait(false))
        {
            while (await MoveNextAsync(pages))
            {
                var blob = pages.Current;
                if (IsFolder(blob) || !wanted(blob.Name)) continue;
                yield return ToDocument(blob);
            }
        }
    }

    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<BlobItem> pages)
    {
        try
        {
            return await pages.MoveNextAsync();
        }
        catch (RequestFailedException failure)
        {
            throw new IOException($"The container {Description} cannot be listed: {BlobErrors.Reason(failure)}", failure);
        }
    }

    private Document ToDocument(BlobItem blob)
    {
        var etag = blob.Properties.ETag ?? throw new IOException($"The storage lists {blob.Name} without an ETag.");
        var tier = blob.Properties.AccessTier;
        return new Document(
            new DocumentId(blob.Name, etag.ToString("H").Trim('"')),
            blob.Properties.ContentLength,
            cancellationToken => tier == AccessTier.Archive
                ? throw new DocumentException("The blob lies in the archive tier and cannot be read; move it to the Hot, Cool or Cold tier (it takes some hours), the next run reads it then.", permanent: false)
                : OpenAsync(blob, etag, cancellationToken));
    }

    private async ValueTask<Stream> OpenAsync(BlobItem blob, ETag etag, CancellationToken cancellationToken)
    {
        try
        {
            var options = new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfMatch = etag } };
            var download = await container.GetBlobClient(blob.Name).DownloadStreamingAsync(options, cancellationToken);
            var content = download.Value.Content;
            return blob.Properties.ContentHash is { Length: 16 } md5 ? new Md5VerifiedStream(content, md5) : content;
        }
        catch (RequestFailedException failure)
        {
            throw new DocumentException(BlobErrors.Reason(failure), permanent: false, failure);
        }
    }

    internal static bool IsFolder(BlobItem blob) =>
        blob.Properties.ContentLength is null or 0
        && blob.Metadata is { } metadata
        && metadata.TryGetValue("hdi_isfolder", out var value)
        && value.Equals("true", StringComparison.OrdinalIgnoreCase);
}
