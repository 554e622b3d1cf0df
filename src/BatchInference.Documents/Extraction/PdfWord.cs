namespace BatchInference.Documents.Extraction;

/// <summary>A word of a page with its place, upright: base line below, the height of its letters above it.</summary>
/// <remarks>Ascenders and descenders make the boxes of one line differ; base line and size of the letters do not.</remarks>
internal sealed class PdfWord(string text, double left, double right, double baseLine, double size)
{
    public string Text { get; } = text;

    public double Left { get; } = left;

    public double Right { get; } = right;

    public double Bottom { get; } = baseLine;

    public double Height { get; } = Math.Max(1, size * 0.7);

    public double Top => Bottom + Height;

    public double Middle { get; } = baseLine + (Math.Max(1, size * 0.7) / 2);
}
