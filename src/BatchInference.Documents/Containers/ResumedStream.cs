namespace BatchInference.Documents.Containers;

/// <summary>A stream of which some was read already, from its beginning; forwards, once.</summary>
/// <param name="begun">What was read.</param>
/// <param name="rest">Where it goes on; stays the caller's.</param>
internal sealed class ResumedStream(MemoryStream begun, Stream rest) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer) => begun.Read(buffer) is > 0 and var read ? read : rest.Read(buffer);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
