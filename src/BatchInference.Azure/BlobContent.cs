using System.Security.Cryptography;
using BatchInference.Documents;

namespace BatchInference.Azure;

/// <summary>Passes a download through; at its end compares its MD5 with the one that the storage keeps, where it keeps one.</summary>
/// <exception cref="StorageUnavailableException">The download broke off, and the client's own tries to go on are used up.</exception>
internal sealed class BlobContent(Stream content, byte[]? expected) : ContentStream
{
#pragma warning disable CA5351 // The storage keeps MD5 as a checksum of transfer; nothing here relies on it against an attacker.
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
    private bool verified;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read;
        try
        {
            read = await content.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception failure) when (BlobErrors.Is(failure, cancellationToken))
        {
            throw BlobErrors.Told("The download broke off", failure);
        }

        if (read > 0)
            hash.AppendData(buffer.Span[..read]);
        else if (buffer.Length > 0)
            Verify();
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            content.Dispose();
            hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Verify()
    {
        if (expected is null || verified)
            return;
        verified = true;
        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(expected))
            throw new IOException("The content does not match the MD5 that the storage keeps for it; the transfer or the stored blob is damaged.");
    }
}
