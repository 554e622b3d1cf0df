using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using BatchInference.Pipeline.Results;

namespace BatchInference.S3;

/// <summary>Results as objects below a prefix, each created by one request under <c>If-None-Match: *</c>, so it is whole when it is seen and never replaced.</summary>
/// <param name="client">The store, with its credential.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="prefix">What the keys begin with, the job's name included, no <c>/</c> at its end.</param>
public sealed class ObjectSink(IAmazonS3 client, string bucket, string prefix) : ResultSink
{
    // Tells an object of ours, whose creation was answered too late and tried again by the client, from one that another process created first.
    private const string CreationKey = "creation";

    /// <inheritdoc/>
    public override string Identity => ObjectAddress.Of(client, bucket, prefix);

    /// <inheritdoc/>
    public override async Task<StoredFile?> CreateAsync(string name, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        await using var file = await SpooledFile.WriteAsync(write, cancellationToken);
        var creation = Guid.NewGuid().ToString("N");
        var request = new PutObjectRequest { BucketName = bucket, Key = Key(name), InputStream = file.Content, AutoCloseStream = false, IfNoneMatch = "*" };
        request.Metadata.Add(CreationKey, creation);
        request.Metadata.Add("sha256", file.Sha256);
        try
        {
            await client.PutObjectAsync(request, cancellationToken);
            return new StoredFile(name, file.Length, file.Sha256);
        }
        catch (AmazonS3Exception failure) when (failure.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            return await IsOursAsync(name, creation, cancellationToken) ? new StoredFile(name, file.Length, file.Sha256) : null;
        }
        catch (Exception failure) when (ObjectErrors.Is(failure))
        {
            throw Refused($"{name} cannot be created", failure);
        }
    }

    /// <inheritdoc/>
    public override async Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await client.GetObjectAsync(bucket, Key(name), cancellationToken)).ResponseStream;
        }
        catch (AmazonS3Exception failure) when (failure.ErrorCode is "NoSuchKey")
        {
            return null;
        }
        catch (Exception failure) when (ObjectErrors.Is(failure))
        {
            throw Refused($"{name} cannot be read", failure);
        }
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<string> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in ObjectListing.EachAsync(client, bucket, $"{prefix}/{folder}/", Identity, cancellationToken))
            if (!item.Key.EndsWith('/'))
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
        catch (Exception failure) when (ObjectErrors.Is(failure))
        {
            throw Refused($"{name} cannot be removed", failure);
        }
    }

    /// <inheritdoc/>
    /// <remarks>A creation is one request: an interrupted one leaves nothing.</remarks>
    public override Task RemoveLeftoversAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool> IsOursAsync(string name, string creation, CancellationToken cancellationToken)
    {
        var metadata = (await client.GetObjectMetadataAsync(bucket, Key(name), cancellationToken)).Metadata;
        return metadata.Keys.Contains($"x-amz-meta-{CreationKey}") && metadata[CreationKey] == creation;
    }

    private string Key(string name) => $"{prefix}/{name}";

    private IOException Refused(string what, Exception failure) => new($"{Identity}: {what}. {ObjectErrors.Reason(failure)}", failure);
}
