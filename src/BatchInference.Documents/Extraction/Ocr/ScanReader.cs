using System.Collections.Concurrent;
using System.Globalization;

namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>Text with scanned pages → text of all pages: reads their pictures, several at once. Thread-safe.</summary>
internal sealed class ScanReader(OcrTools tools, TimeProvider time)
{
    // Grows when the same pictures would give another text.
    private const int Revision = 2;

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
        if (!tools.CanRead)
            return string.IsNullOrWhiteSpace(text.Text)
                ? throw new DocumentException($"{NoText(text)}: {tools.Missing}", permanent: true)
                : text with { Scanned = [.. text.Scans.Select(page => new ScannedPage(page.Number, 0, $"The page is probably a scan, and was not read as one: {tools.Missing}"))] };
        progress(tools.Options.PageTime * Math.Ceiling(text.Scans.Count / (double)tools.Options.PagesAtOnce));
        using var images = Images(content, text);
        // The extractors are synchronous; this is the one place where work of other processes is waited for.
        var pages = ReadPagesAsync(images, text.Scans, cancellationToken).GetAwaiter().GetResult();
        var whole = Join(text, pages, limits);
        if (!string.IsNullOrWhiteSpace(whole.Text)) return whole;
        // A failure that may pass counts before one that stays: with it there may be a text another night.
        if (pages.Where(page => page.Value.Error is not null).OrderBy(page => !page.Value.MayPass).ThenBy(page => page.Key).FirstOrDefault() is { Value.Error: { } error } failed)
            throw new DocumentException(string.Create(CultureInfo.InvariantCulture, $"{NoText(text)}; reading page {failed.Key} as a picture failed: {error}"), permanent: !failed.Value.MayPass);
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

    private async Task<ConcurrentDictionary<int, PageReading>> ReadPagesAsync(ScanImages images, IReadOnlyList<ScanPage> scans, CancellationToken cancellationToken)
    {
        var pages = new ConcurrentDictionary<int, PageReading>();
        await Parallel.ForEachAsync(scans, new ParallelOptions { MaxDegreeOfParallelism = tools.Options.PagesAtOnce, CancellationToken = cancellationToken }, async (scan, token) =>
        {
            using var timed = new CancellationTokenSource(tools.Options.PageTime, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(token, timed.Token);
            try
            {
                pages[scan.Number] = new(await tesseract.ReadAsync((target, inner) => images.WriteAsync(scan.Number, target, inner), images.FrameOf(scan.Number), images.DpiOf(scan.Number), both.Token));
            }
            catch (OperationCanceledException) when (timed.IsCancellationRequested && !token.IsCancellationRequested)
            {
                pages[scan.Number] = new(null, $"It took longer than {tools.Options.PageTime.TotalSeconds:0} seconds, the limit of the configuration (Ocr:SecondsPerPage).", MayPass: true);
            }
            catch (Exception error) when (error is IOException or InvalidDataException)
            {
                pages[scan.Number] = new(null, FailureReasons.OneLine(error.Message), MayPass: error is ToolException);
            }
        });
        return pages;
    }

    private static ExtractedText Join(ExtractedText text, ConcurrentDictionary<int, PageReading> read, ExtractionLimits limits)
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
                if (layer.IsEmpty || scan.Error is not null) scanned.Add(new ScannedPage(page.Number, 0, scan.Error));
            }
        }

        return whole.Build(text.MediaType) with { Language = text.Language, Metadata = text.Metadata, Scanned = scanned };
    }

    private static bool TellsMore(OcrPage seen, ReadOnlySpan<char> layer)
    {
        if (layer.IsWhiteSpace()) return true;
        var text = string.Join('\n', seen.Paragraphs.SelectMany(lines => lines).Select(line => line.Text));
        return TextLayer.IsRubbish(layer) ? TextLayer.Quality(text) > TextLayer.Quality(layer) : text.Length > layer.Length;
    }

    /// <param name="Page">What was read; null when it could not be.</param>
    /// <param name="Error">Why it could not be.</param>
    /// <param name="MayPass">True when the machine is the cause and not the page: it may be read another time.</param>
    private readonly record struct PageReading(OcrPage? Page, string? Error = null, bool MayPass = false);
}
