using System.Globalization;
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
            using var pdf = PdfDocument.Open(content, new ParsingOptions { UseLenientParsing = true, SkipMissingFonts = true, ClipPaths = false });
            if (pdf.NumberOfPages == 0) throw new DocumentException("The PDF is damaged: it has no pages.", permanent: true);
            var text = new TextBuilder(limits);
            for (var number = 1; number <= pdf.NumberOfPages; number++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                text.BeginPage(number);
                PdfPageText.Append(pdf.GetPage(number), text, cancellationToken);
            }

            return text.Length > 0 ? text.Build(mediaType) : throw new DocumentException(pdf.NumberOfPages == 1
                ? "The PDF has one page and no text layer; it is probably a scan."
                : string.Create(CultureInfo.InvariantCulture, $"The PDF has {pdf.NumberOfPages} pages and no text layer; it is probably a scan."), permanent: true);
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
}
