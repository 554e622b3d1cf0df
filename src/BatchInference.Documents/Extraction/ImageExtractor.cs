using System.Globalization;
using BatchInference.Documents.Extraction.Ocr;

namespace BatchInference.Documents.Extraction;

/// <summary>A picture: a page, or several, without a text layer.</summary>
internal sealed class ImageExtractor : TextExtractor
{
    private const string Tiff = "image/tiff";

    public override IReadOnlyList<string> MediaTypes => [Tiff, "image/png", "image/jpeg"];

    public override int Revision => 1;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        var frames = mediaType == Tiff ? TiffFrames.Count(content, limits.Pages) : 1;
        if (frames == 0) throw new DocumentException("The TIFF image is damaged: it has no pages.", permanent: true);
        if (frames > limits.Pages)
            throw new DocumentException(string.Create(CultureInfo.InvariantCulture, $"The document has more than {limits.Pages} pages, the limit of the configuration (Limits:Pages)."), permanent: true);
        return new ExtractedText("", mediaType)
        {
            Pages = [.. Enumerable.Range(1, frames).Select(number => new TextPage(number, 0, 0))],
            Scans = [.. Enumerable.Range(1, frames).Select(number => new ScanPage(number, 0, 0, 1, 0))],
        };
    }
}
