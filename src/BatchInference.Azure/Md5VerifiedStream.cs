using System.Security.Cryptography;

namespace BatchInference.Azure;

/// <summary>Passes a download through and compares its MD5 with the one that was stored at upload, when the end is reached.</summary>
internal sealed class Md5VerifiedStream(Stream content, byte[] expected) : Stream
{
#pragma warning disable CA5351 // The storage keeps MD5 as a checksum of transfer; nothing here relies on it against an attacker.
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
    private bool verified;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer) => Passed(buffer, content.Read(buffer));

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) 
    {
        var read = await content.ReadAsync(buffer, cancellationToken);
        return Passed(buffer.Span, read);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            content.Dispose();
            hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Passed(Span<byte> buffer, int read)
    {
        if (read > 0)
        {
            hash.AppendData(buffer[..read]);
        }
        else if (buffer.Length > 0 && !verified)
        {
            verified = true;
            if (!hash.GetHashAndReset().AsSpan().SequenceEqual(expected))
                throw new IOException("The content does not match the MD5 that the storage keeps for it; the transfer or the stored blob is damaged.");
        }

        return read;
    }
}
