using System.Threading.Channels;

namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>The content of a document as it comes in frames.</summary>
internal sealed class FramedContent(ChannelReader<(FrameKind Kind, byte[] Payload)> frames) : Stream
{
    private ReadOnlyMemory<byte> rest;
    private bool ended;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (rest.IsEmpty && !ended)
        {
            var (kind, payload) = await frames.ReadAsync(cancellationToken);
            if (kind == FrameKind.Content) rest = payload;
            else ended = true;
            if (kind == FrameKind.Forget) throw new IOException("The document is not wanted any more.");
        }

        var read = Math.Min(buffer.Length, rest.Length);
        rest[..read].CopyTo(buffer);
        rest = rest[read..];
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    // A reader that refuses the document leaves its bytes; the next document begins behind them.
    public override async ValueTask DisposeAsync()
    {
        while (!ended) ended = (await frames.ReadAsync()).Kind != FrameKind.Content;
        await base.DisposeAsync();
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
