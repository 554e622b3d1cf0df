namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>A picture file: each of its images is a page.</summary>
internal sealed class ImageFile(Stream content) : ScanImages
{
    private readonly Lock turn = new();

    public override async Task WriteAsync(int page, Stream target, CancellationToken cancellationToken)
    {
        // Pages are read at once, and the content has one position.
        var buffer = new byte[256 * 1024];
        var position = 0L;
        while (true)
        {
            int read;
            lock (turn)
            {
                content.Position = position;
                read = content.Read(buffer);
            }

            if (read == 0) return;
            position += read;
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }

    public override int FrameOf(int page) => page - 1;

    // The content is the caller's.
    public override void Dispose()
    {
    }
}
