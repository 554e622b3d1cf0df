using System.Globalization;
using BatchInference.Documents.Extraction.Ocr;
using UglyToad.PdfPig;
using UglyToad.PdfPig.Exceptions;

namespace BatchInference.Documents.Extraction;

/// <summary>PDF with a text layer: words put together to lines, columns and paragraphs by their places, hyphens at line ends healed, pages as ranges.</summary>
internal sealed class PdfExtractor : TextExtractor
{
    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Pdf];

    public override int Revision => 1;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        try
        {
            using var pdf = Open(content);
            if (pdf.NumberOfPages == 0) throw new DocumentException("The PDF is damaged: it has no pages.", permanent: true);
            var text = new TextBuilder(limits);
            var looks = new List<ScanPage>();
            for (var number = 1; number <= pdf.NumberOfPages; number++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                text.BeginPage(number);
                var page = pdf.GetPage(number);
                PdfPageText.Append(page, text, cancellationToken);
                looks.Add(ScanPage.Of(page));
            }

            var built = text.Build(mediaType);
            ScanPage[] scans = [.. looks.Zip(built.Pages).Where(pair => pair.First.WantsReading(built.Text.AsSpan(pair.Second.Start, pair.Second.Length))).Select(pair => pair.First)];
            return text.Length > 0 || scans.Length > 0 ? built with { Scans = scans } : throw new DocumentException(pdf.NumberOfPages == 1
                ? "The PDF has one page, and nothing is on it."
                : string.Create(CultureInfo.InvariantCulture, $"The PDF has {pdf.NumberOfPages} pages, and nothing is on them."), permanent: true);
        }
        catch (PdfDocumentEncryptedException error)
        {
            throw new DocumentException("The PDF is encrypted and no password is configured.", permanent: true, error);
        }
        catch (UglyToad.PdfPig.Core.PdfDocumentFormatException error)
        {
            throw new DocumentException($"The PDF is damaged: {error.Message.ReplaceLineEndings(" ")}", permanent: true, error);
        }
    }

    /// <summary>Opens a PDF, mending what can be mended.</summary>
    internal static PdfDocument Open(Stream content) => PdfDocument.Open(content, new ParsingOptions { UseLenientParsing = true, SkipMissingFonts = true, ClipPaths = false });
}
