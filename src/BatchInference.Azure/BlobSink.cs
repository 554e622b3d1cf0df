using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using BatchInference.Pipeline.Results;
using Polly;

namespace BatchInference.Azure;

/// <summary>
/// Results as block blobs below a prefix. A blob is created by one commit under <c>If-None-Match: *</c>, so it is whole when it is seen and never replaced.
/// </summary>
/// <param name="container">The container, with its credential.</param>
/// <param name="prefix">What the names begin with, the job's name included, no <c>/</c> at its end.</param>
public sealed class BlobSink(BlobContainerClient container, string prefix) : ResultSink
{
    // Tells a blob of ours, whose commit was answered too late and tried again by the client, from one that another process created first.
    private const string CreationKey = "creation";

    /// <summary>How the listing of one page is tried again.</summary>
    public ResiliencePipeline Pages { get; init; } = ResiliencePipeline.Empty;

    /// <inheritdoc/>
    public override string Identity => $"{container.Uri.GetLeftPart(UriPartial.Path)}/{prefix}";

    /// <inheritdoc/>
    public override async Task<StoredFile?> CreateAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        await using var file = await SpooledFile.WriteAsync(write, cancellationToken);
        var blob = Blob(name);
        var creation = Guid.NewGuid().ToString("N");
        var options = new BlobUploadOptions
        {
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            Metadata = new Dictionary<string, string> { [CreationKey] = creation, ["sha256"] = file.Sha256 },
            // Kept with the blob, and compared by the storage with what arrives.
            HttpHeaders = new BlobHttpHeaders { ContentHash = await Md5Async(file.Content, cancellationToken) },
            TransferValidation = new UploadTransferValidationOptions { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 },
        };
        try
        {
            await blob.UploadAsync(file.Content, options, cancellationToken);
            return new StoredFile(name, file.Length, file.Sha256);
        }
        catch (RequestFailedException failure) when (failure.Status is 409 or 412 && failure.ErrorCode is "BlobAlreadyExists" or "ConditionNotMet" or "UnauthorizedBlobOverwrite")
        {
            return await IsOursAsync(name, creation, cancellationToken) ? new StoredFile(name, file.Length, file.Sha256) : null;
        }
        catch (Exception failure) when (BlobErrors.Is(failure, cancellationToken))
        {
            throw BlobErrors.Told($"{Identity}: {name} cannot be created", failure);
        }
    }

    /// <inheritdoc/>
    public override async Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var download = (await Blob(name).DownloadStreamingAsync(cancellationToken: cancellationToken)).Value;
            return new BlobContent(download.Content, download.Details.ContentHash);
        }
        catch (RequestFailedException failure) when (failure.ErrorCode == "BlobNotFound")
        {
            return null;
        }
        catch (Exception failure) when (BlobErrors.Is(failure, cancellationToken))
        {
            throw BlobErrors.Told($"{Identity}: {name} cannot be read", failure);
        }
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<string> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var blob in BlobListing.EachAsync(container, $"{prefix}/{folder}/", Identity, Pages, cancellationToken))
            yield return blob.Name[(prefix.Length + 1)..];
    }

    /// <inheritdoc/>
    public override async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await Blob(name).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken);
        }
        catch (Exception failure) when (BlobErrors.Is(failure, cancellationToken))
        {
            throw BlobErrors.Told($"{Identity}: {name} cannot be removed", failure);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Blocks that were never committed are seen by nobody and removed by the storage after a week.</remarks>
    public override Task RemoveLeftoversAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // The request may have been sent twice, and the storage have answered the first time without being heard.
    private async Task<bool> IsOursAsync(string name, string creation, CancellationToken cancellationToken)
    {
        try
        {
            var properties = await Blob(name).GetPropertiesAsync(cancellationToken: cancellationToken);
            return properties.Value.Metadata.TryGetValue(CreationKey, out var found) && found == creation;
        }
        catch (Exception failure) when (BlobErrors.Is(failure, cancellationToken))
        {
            throw BlobErrors.Told($"{Identity}: {name} cannot be looked at", failure);
        }
    }

    private BlobClient Blob(string name) => container.GetBlobClient($"{prefix}/{name}");

    private static async Task<byte[]> Md5Async(Stream content, CancellationToken cancellationToken)
    {
#pragma warning disable CA5351 // The storage's checksum of transfer; nothing here relies on it against an attacker.
        var md5 = await MD5.HashDataAsync(content, cancellationToken);
#pragma warning restore CA5351
        content.Position = 0;
        return md5;
    }
}
