using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using BatchInference.Documents;
using BatchInference.Pipeline.Results;
using Polly;

namespace BatchInference.S3;

/// <summary>
/// Results as objects below a prefix, each created by one request under <c>If-None-Match: *</c>, so it is whole when it is seen and never replaced.
/// On a store without conditional writes (<see cref="ConditionalWrites"/>) nothing is replaced as long as one process writes.
/// </summary>
/// <param name="client">The store, with its credential.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="prefix">What the keys begin with, the job's name included, no <c>/</c> at its end.</param>
public sealed class ObjectSink(IAmazonS3 client, string bucket, string prefix) : ResultSink
{
    // Tells an object of ours, whose creation was answered too late and tried again by the client, from one that another process created first.
    private const string CreationKey = "creation";

    /// <summary>How the listing of one page is tried again.</summary>
    public ResiliencePipeline Pages { get; init; } = ResiliencePipeline.Empty;

    /// <summary>False where the store does not keep the first of two objects of one name: then a creation looks first, and only one process may write.</summary>
    public bool ConditionalWrites { get; init; } = true;

    /// <inheritdoc/>
    public override string Identity => ObjectAddress.Of(client, bucket, prefix);

    /// <inheritdoc/>
    public override async Task<StoredFile?> CreateAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        if (!ConditionalWrites && await FindAsync(name, cancellationToken) is not null)
            return null;
        await using var file = await SpooledFile.WriteAsync(write, cancellationToken);
        var creation = Guid.NewGuid().ToString("N");
        var request = new PutObjectRequest { BucketName = bucket, Key = Key(name), InputStream = file.Content, AutoCloseStream = false, UseChunkEncoding = false, MD5Digest = await Md5Async(file.Content, cancellationToken) };
        if (ConditionalWrites)
            request.IfNoneMatch = "*";
        request.Metadata.Add(CreationKey, creation);
        request.Metadata.Add("sha256", file.Sha256);
        try
        {
            await client.PutObjectAsync(request, cancellationToken);
            return new StoredFile(name, file.Length, file.Sha256);
        }
        catch (AmazonS3Exception failure) when (failure.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict)
        {
            return await FindAsync(name, cancellationToken) switch
            {
                // Another creation of that name was under way and did not come to its end.
                null => throw new StorageUnavailableException($"{Identity}: {name} cannot be created: another process was writing it.", failure),
                var found => found == creation ? new StoredFile(name, file.Length, file.Sha256) : null,
            };
        }
        catch (Exception failure) when (ObjectErrors.Is(failure, cancellationToken))
        {
            throw ObjectErrors.Told($"{Identity}: {name} cannot be created", failure);
        }
    }

    /// <inheritdoc/>
    public override async Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await ObjectContent.OpenAsync(client, new GetObjectRequest { BucketName = bucket, Key = Key(name) }, cancellationToken);
        }
        catch (AmazonS3Exception failure) when (failure.ErrorCode is "NoSuchKey")
        {
            return null;
        }
        catch (Exception failure) when (ObjectErrors.Is(failure, cancellationToken))
        {
            throw ObjectErrors.Told($"{Identity}: {name} cannot be read", failure);
        }
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<string> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in ObjectListing.EachAsync(client, bucket, $"{prefix}/{folder}/", Identity, Pages, cancellationToken))
            yield return item.Key[(prefix.Length + 1)..];
    }

    /// <inheritdoc/>
    public override async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteObjectAsync(bucket, Key(name), cancellationToken);
        }
        catch (AmazonS3Exception failure) when (failure.StatusCode == HttpStatusCode.NotFound)
        {
            // Gone is what was asked for.
        }
        catch (Exception failure) when (ObjectErrors.Is(failure, cancellationToken))
        {
            throw ObjectErrors.Told($"{Identity}: {name} cannot be removed", failure);
        }
    }

    /// <inheritdoc/>
    /// <remarks>A creation is one request: an interrupted one leaves nothing.</remarks>
    public override Task RemoveLeftoversAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // The creation that made an object; null when there is no such object.
    private async Task<string?> FindAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var metadata = (await client.GetObjectMetadataAsync(bucket, Key(name), cancellationToken)).Metadata;
            return metadata.Keys.Contains($"x-amz-meta-{CreationKey}") ? metadata[CreationKey] : "";
        }
        catch (AmazonS3Exception failure) when (failure.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
        catch (Exception failure) when (ObjectErrors.Is(failure, cancellationToken))
        {
            throw ObjectErrors.Told($"{Identity}: {name} cannot be looked for", failure);
        }
    }

    private static async Task<string> Md5Async(Stream content, CancellationToken cancellationToken)
    {
#pragma warning disable CA5351 // The store compares it with what arrives; nothing here relies on it against an attacker.
        var md5 = await MD5.HashDataAsync(content, cancellationToken);
#pragma warning restore CA5351
        content.Position = 0;
        return Convert.ToBase64String(md5);
    }

    private string Key(string name) => $"{prefix}/{name}";
}
