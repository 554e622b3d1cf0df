using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Polly;

namespace BatchInference.Azure;

/// <summary>Lists a container page by page, without snapshots, earlier versions and the folders of a hierarchical namespace.</summary>
internal static class BlobListing
{
    public static async IAsyncEnumerable<BlobItem> EachAsync(
        BlobContainerClient container, string prefix, string description, ResiliencePipeline pipeline, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var page = await pipeline.ExecuteAsync(async token => await PageAsync(container, prefix, description, next, token), cancellationToken);
            foreach (var blob in page.Values)
                if (!IsFolder(blob))
                    yield return blob;
            next = page.ContinuationToken;
        }
        while (!string.IsNullOrEmpty(next));
    }

    private static async Task<Page<BlobItem>> PageAsync(BlobContainerClient container, string prefix, string description, string? next, CancellationToken cancellationToken)
    {
        try
        {
            // Metadata tells the folders of a hierarchical namespace, which are listed as empty blobs.
            await foreach (var page in container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, prefix, cancellationToken).AsPages(next).WithCancellation(cancellationToken))
                return page;
        }
        catch (Exception failure) when (BlobErrors.Is(failure, cancellationToken))
        {
            throw BlobErrors.Told($"{description} cannot be listed", failure);
        }

        return Page<BlobItem>.FromValues([], null, null!);
    }

    private static bool IsFolder(BlobItem blob) =>
        blob.Properties.ContentLength is null or 0
        && blob.Metadata is { } metadata
        && metadata.TryGetValue("hdi_isfolder", out var value)
        && value.Equals("true", StringComparison.OrdinalIgnoreCase);
}
