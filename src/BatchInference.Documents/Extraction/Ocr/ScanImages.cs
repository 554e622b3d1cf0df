namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>The images of a document's pages, to be read by several readers at once.</summary>
internal abstract class ScanImages : IDisposable
{
    /// <summary>Writes an image file that shows the page (counted from 1).</summary>
    /// <exception cref="IOException">There is no image of it, and why.</exception>
    public abstract Task WriteAsync(int page, Stream target, CancellationToken cancellationToken);

    /// <summary>Which image of the file that is written shows the page, from 0.</summary>
    public virtual int FrameOf(int page) => 0;

    /// <summary>Dots per inch; null where the file tells.</summary>
    public virtual int? DpiOf(int page) => null;

    public abstract void Dispose();
}
