namespace BatchInference.Documents.Extraction.Outlook;

/// <summary>A stream that is opened when it is first read, so that what is wrong with it is told then, and to who reads it.</summary>
/// <param name="length">Bytes.</param>
/// <param name="open">Opens it.</param>
internal sealed class StreamOnDemand(long length, Func<Stream> open) : Stream
{
    private readonly Lazy<Stream> inner = new(open, LazyThreadSafetyMode.None);

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get; set; }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        inner.Value.Position = Position;
        var read = inner.Value.Read(buffer);
        Position += read;
        return read;
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + (origin switch { SeekOrigin.Begin => 0, SeekOrigin.Current => Position, _ => Length });

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
