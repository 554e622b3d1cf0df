using UglyToad.PdfPig.Content;

namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>A page that may have to be read from its picture.</summary>
/// <param name="Number">Counted from 1.</param>
/// <param name="Width">In points; 0 for a picture file.</param>
/// <param name="Height">In points; 0 for a picture file.</param>
/// <param name="Picture">Share of the page that its largest picture covers; 1 for a picture file.</param>
/// <param name="Strokes">Lines and curves drawn on it.</param>
internal readonly record struct ScanPage(int Number, double Width, double Height, double Picture, int Strokes)
{
    private const double MostOfThePage = 0.6;
    // Fewer are rules and frames; a text drawn as curves has hundreds.
    private const int FewStrokes = 50;
    // A stamp, a page number, a name that the scanner put over the picture.
    private const int FewSigns = 100;

    /// <summary>Looks at a page of a PDF.</summary>
    public static ScanPage Of(Page page)
    {
        var area = Math.Max(1, page.Width * page.Height);
        var picture = page.NumberOfImages == 0 ? 0 : page.GetImages().Max(image => Math.Abs(image.BoundingBox.Width * image.BoundingBox.Height)) / area;
        return new ScanPage(page.Number, page.Width, page.Height, picture, page.Paths.Count);
    }

    /// <summary>True when the picture of the page tells more than its text layer.</summary>
    public bool WantsReading(ReadOnlySpan<char> layer) =>
        layer.IsWhiteSpace() ? Picture > 0 || Strokes > FewStrokes
        : (layer.Length < FewSigns && Picture > MostOfThePage) || TextLayer.IsRubbish(layer);
}
