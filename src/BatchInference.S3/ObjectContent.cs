using Amazon.S3;
using Amazon.S3.Model;
using BatchInference.Documents;

namespace BatchInference.S3;

/// <summary>A download that goes on by range where it broke off, under the ETag it began with. The client checks what the store's checksums cover.</summary>
/// <exception cref="StorageUnavailableException">It broke off again and again.</exception>
internal sealed class ObjectContent : ContentStream
{
    // In a row, without a byte between them.
    private const int MostBreaks = 4;

    private readonly IAmazonS3 client;
    private readonly GetObjectRequest request;
    private readonly long length;
    private GetObjectResponse answer;
    private long position;
    private int breaks;

    private ObjectContent(IAmazonS3 client, GetObjectRequest request, GetObjectResponse answer)
    {
        this.client = client;
        this.request = request;
        this.answer = answer;
        length = answer.ContentLength;
        request.EtagToMatch = answer.ETag;
    }

    /// <exception cref="DocumentException">The object is another one than <see cref="GetObjectRequest.EtagToMatch"/>.</exception>
    public static async Task<Stream> OpenAsync(IAmazonS3 client, GetObjectRequest request, CancellationToken cancellationToken) =>
        new ObjectContent(client, request, await GetAsync(client, request, cancellationToken));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                var read = await answer.ResponseStream.ReadAsync(buffer, cancellationToken);
                if (read == 0 && buffer.Length > 0 && position < length)
                    throw new EndOfStreamException("The connection was closed before the end.");
                position += read;
                breaks = read > 0 ? 0 : breaks;
                return read;
            }
            catch (Exception failure) when (ObjectErrors.Is(failure, cancellationToken))
            {
                if (position == length)
                    return 0;
                if (++breaks > MostBreaks)
                    throw new StorageUnavailableException($"{request.Key}: the download broke off {breaks} times at byte {position}.", failure);
                await GoOnAsync(cancellationToken);
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            answer.Dispose();
        base.Dispose(disposing);
    }

    private async Task GoOnAsync(CancellationToken cancellationToken)
    {
        answer.Dispose();
        request.ByteRange = position > 0 ? new ByteRange(position, length - 1) : null;
        try
        {
            answer = await GetAsync(client, request, cancellationToken);
        }
        catch (Exception failure) when (ObjectErrors.Is(failure, cancellationToken))
        {
            throw ObjectErrors.IsOutage(failure) ? ObjectErrors.Told($"{request.Key}: the download broke off", failure) : new DocumentException(ObjectErrors.Reason(failure), permanent: false, failure);
        }
    }

    // Some stores ignore the condition, some the range: what they answer tells it.
    private static async Task<GetObjectResponse> GetAsync(IAmazonS3 client, GetObjectRequest request, CancellationToken cancellationToken)
    {
        var answer = await client.GetObjectAsync(request, cancellationToken);
        string? refused = null;
        if (request.EtagToMatch is { } etag && answer.ETag.Trim('"') != etag.Trim('"'))
            refused = "The object changed between listing and reading; the next run reads its new version.";
        else if (request.ByteRange is { } range && answer.ContentRange?.StartsWith($"bytes {range.Start}-", StringComparison.Ordinal) != true)
            refused = "The download broke off, and the store does not go on in the middle of an object.";
        if (refused is null)
            return answer;
        answer.Dispose();
        throw new DocumentException(refused, permanent: false);
    }
}
