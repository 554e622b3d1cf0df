using System.Collections.Concurrent;
using System.Globalization;

namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>Text with scanned pages → text of all pages: reads their pictures, several at once. Thread-safe.</summary>
internal sealed class ScanReader(OcrTools tools, TimeProvider time)
{
    // Grows when the same pictures would give another text.
    private const int Revision = 1;

    private readonly Tesseract tesseract = new(tools);

    /// <summary>All that decides what is read from a picture.</summary>
    public string Fingerprint => string.Create(CultureInfo.InvariantCulture, $"{Revision} {tools.Fingerprint}");

    /// <summary>Reads the pages that the text's extractor left to be read.</summary>
    /// <param name="content">The document; seekable.</param>
    /// <param name="text">What its extractor got.</param>
    /// <param name="limits">What the text may cost.</param>
    /// <param name="progress">Told of the time that the pages may take, before they are read.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="DocumentException">There is no text to be had, and why.</exception>
    public ExtractedText Read(Stream content, ExtractedText text, ExtractionLimits limits, Action<TimeSpan> progress, CancellationToken cancellationToken)
    {
        if (text.Scans.Count == 0) return text;
        if (!tools.CanRead) return string.IsNullOrWhiteSpace(text.Text) ? throw new DocumentException($"{NoText(text)}: {tools.Missing}", permanent: true) : text;
        progress(tools.Options.PageTime * Math.Ceiling(text.Scans.Count / (double)tools.Options.PagesAtOnce));
        using var images = Images(content, text);
        // The extractors are synchronous; this is the one place where work of other processes is waited for.
        var pages = ReadPagesAsync(images, text.Scans, cancellationToken).GetAwaiter().GetResult();
        var whole = Join(text, pages, limits);
        if (!string.IsNullOrWhiteSpace(whole.Text)) return whole;
        if (whole.Scanned.FirstOrDefault(page => page.Error is not null) is { } failed)
            throw new DocumentException(string.Create(CultureInfo.InvariantCulture, $"{NoText(text)}; reading page {failed.Page} as a picture failed: {failed.Error}"), permanent: true);
        throw new DocumentException(text.MediaType == MediaTypes.Pdf ? $"{NoText(text)}, and no text is seen on its pictures." : $"No text is seen on the {MediaTypes.Name(text.MediaType)}.", permanent: true);
    }

    private static string NoText(ExtractedText text) => text.MediaType != MediaTypes.Pdf
        ? $"The file is {MediaTypes.Article(text.MediaType)}"
        : text.Pages.Count == 1
            ? "The PDF has one page and no text layer; it is probably a scan"
            : string.Create(CultureInfo.InvariantCulture, $"The PDF has {text.Pages.Count} pages and no text layer; it is probably a scan");

    private ScanImages Images(Stream content, ExtractedText text) =>
        text.MediaType != MediaTypes.Pdf ? new ImageFile(content)
        : tools.Renderer is null ? new PdfPictures(content)
        : new PdfDrawing(content, tools, text.Scans.ToDictionary(page => page.Number, page => (page.Width, page.Height)));

    private async Task<ConcurrentDictionary<int, (OcrPage? Page, string? Error)>> ReadPagesAsync(ScanImages images, IReadOnlyList<ScanPage> scans, CancellationToken cancellationToken)
    {
        var pages = new ConcurrentDictionary<int, (OcrPage?, string?)>();
        await Parallel.ForEachAsync(scans, new ParallelOptions { MaxDegreeOfParallelism = tools.Options.PagesAtOnce, CancellationToken = cancellationToken }, async (scan, token) =>
        {
            using var timed = new CancellationTokenSource(tools.Options.PageTime, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(token, timed.Token);
            try
            {
                pages[scan.Number] = (await tesseract.ReadAsync((target, inner) => images.WriteAsync(scan.Number, target, inner), images.FrameOf(scan.Number), images.DpiOf(scan.Number), both.Token), null);
            }
            catch (OperationCanceledException) when (timed.IsCancellationRequested && !token.IsCancellationRequested)
            {
                pages[scan.Number] = (null, $"It took longer than {tools.Options.PageTime.TotalSeconds:0} seconds, the limit of the configuration (Ocr:SecondsPerPage).");
            }
            catch (Exception error) when (error is IOException or InvalidDataException)
            {
                pages[scan.Number] = (null, FailureReasons.OneLine(error.Message));
            }
        });
        return pages;
    }

    private static ExtractedText Join(ExtractedText text, ConcurrentDictionary<int, (OcrPage? Page, string? Error)> read, ExtractionLimits limits)
    {
        var whole = new TextBuilder(limits);
        var scanned = new List<ScannedPage>();
        foreach (var page in text.Pages)
        {
            var layer = text.Text.AsSpan(page.Start, page.Length);
            whole.BeginPage(page.Number);
            if (!read.TryGetValue(page.Number, out var scan))
            {
                whole.AppendBuilt(layer);
            }
            else if (scan.Page is { HasText: true } seen && TellsMore(seen, layer))
            {
                seen.AppendTo(whole);
                scanned.Add(new ScannedPage(page.Number, seen.Confidence));
            }
            else
            {
                whole.AppendBuilt(layer);
                if (layer.IsEmpty) scanned.Add(new ScannedPage(page.Number, 0, scan.Error));
            }
        }

        return whole.Build(text.MediaType) with { Language = text.Language, Scanned = scanned };
    }

    private static bool TellsMore(OcrPage seen, ReadOnlySpan<char> layer)
    {
        if (layer.IsWhiteSpace()) return true;
        var text = string.Join('\n', seen.Paragraphs.SelectMany(lines => lines).Select(line => line.Text));
        return TextLayer.IsRubbish(layer) ? TextLayer.Quality(text) > TextLayer.Quality(layer) : text.Length > layer.Length;
    }
}
