using System.Globalization;
using BatchInference.Documents.Extraction.Ocr;
using UglyToad.PdfPig;
using UglyToad.PdfPig.Exceptions;
using UglyToad.PdfPig.Util;

namespace BatchInference.Documents.Extraction;

/// <summary>PDF with a text layer: words put together to lines, columns and paragraphs by their places, hyphens at line ends healed, running titles and page numbers left out, pages as ranges.</summary>
internal sealed class PdfExtractor : TextExtractor
{
    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Pdf];

    public override int Revision => 4;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        try
        {
            using var pdf = Open(content);
            if (pdf.NumberOfPages == 0) throw new DocumentException("The PDF is damaged: it has no pages.", permanent: true);
            var text = new TextBuilder(limits);
            var goesOn = false;
            var window = new Window(pdf, cancellationToken);
            for (var number = 1; number <= pdf.NumberOfPages; number++)
            {
                text.BeginPage(number, goesOn);
                goesOn = window.At(number)!.Append(window.At(number + 1), text, cancellationToken);
                window.Leave(number);
            }

            var built = text.Build(mediaType).With(Metadata(pdf));
            ScanPage[] scans = [.. window.Looks.Zip(built.Pages).Where(pair => pair.First.WantsReading(built.Text.AsSpan(pair.Second.Start, pair.Second.Length))).Select(pair => pair.First)];
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

    private static Dictionary<string, string> Metadata(PdfDocument pdf)
    {
        var information = pdf.Information;
        var said = new[] { ("title", information.Title), ("author", information.Author), ("subject", information.Subject), ("created", Date(information.CreationDate)), ("modified", Date(information.ModifiedDate)) };
        return said.Where(pair => !string.IsNullOrWhiteSpace(pair.Item2)).ToDictionary(pair => pair.Item1, pair => pair.Item2!.Trim(), StringComparer.Ordinal);

        // Behind UTC LibreOffice writes an apostrophe and macOS an offset of zero, of which PdfPig reads neither.
        static string? Date(string? written) => written is not null && DateFormatHelper.TryParseDateTimeOffset(written.Split('Z')[0].Trim() + (written.Contains('Z', StringComparison.Ordinal) ? "Z" : ""), out var moment)
            ? moment.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture)
            : null;
    }

    /// <summary>The pages around one: what runs through them shows there, and memory holds no more than these.</summary>
    private sealed class Window(PdfDocument pdf, CancellationToken cancellationToken)
    {
        // Titles may alternate between left and right pages.
        private const int Reach = 4;

        private readonly Dictionary<int, PdfPageText> pages = [];
        private int stripped;

        /// <summary>What every page that was loaded looks like, in order: each is loaded once.</summary>
        public List<ScanPage> Looks { get; } = [];

        /// <summary>A page without its running lines; null behind the last. Asked for in order.</summary>
        public PdfPageText? At(int number)
        {
            if (number > pdf.NumberOfPages) return null;
            for (; stripped < number; stripped++)
            {
                var page = Load(stripped + 1);
                PdfPageText[] others = [.. Enumerable.Range(stripped + 1 - Reach, (2 * Reach) + 1).Where(other => other != stripped + 1 && other >= 1 && other <= pdf.NumberOfPages).Select(Load)];
                page.LeaveOutRunningLines(others, Math.Clamp(others.Length, 1, 2));
            }

            return pages[number];
        }

        /// <summary>Lets go of what no later page needs.</summary>
        public void Leave(int number) => pages.Remove(number - Reach);

        private PdfPageText Load(int number)
        {
            if (pages.TryGetValue(number, out var known)) return known;
            cancellationToken.ThrowIfCancellationRequested();
            var page = pdf.GetPage(number);
            Looks.Add(ScanPage.Of(page));
            return pages[number] = new PdfPageText(page);
        }
    }
}
