using System.Globalization;

namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>Draws the pages of a PDF by Poppler's <c>pdftoppm</c>, grey, at the resolution that reading wants.</summary>
internal sealed class PdfDrawing : ScanImages
{
    // A poster or a page made to hurt is drawn coarser, so that it costs no more memory than two sheets of A3.
    private const double MostPixels = 70e6;
    private const double PointsPerInch = 72;
    private const int LeastDpi = 36;

    private readonly OcrTools tools;
    private readonly IReadOnlyDictionary<int, (double Width, double Height)> sizes;
    private readonly string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.pdf");

    /// <param name="content">The PDF; a copy of it is drawn from.</param>
    /// <param name="tools">The drawing program, and how finely.</param>
    /// <param name="sizes">Width and height of the pages, in points.</param>
    public PdfDrawing(Stream content, OcrTools tools, IReadOnlyDictionary<int, (double Width, double Height)> sizes)
    {
        this.tools = tools;
        this.sizes = sizes;
        try
        {
            content.Position = 0;
            using var copy = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            content.CopyTo(copy);
            copy.Flush();
        }
        catch (Exception error) when (TemporaryCopy.IsFailure(error))
        {
            Dispose();
            throw TemporaryCopy.Failed(error);
        }
    }

    public override int? DpiOf(int page)
    {
        var (width, height) = sizes[page];
        var area = Math.Max(1, width * height) / (PointsPerInch * PointsPerInch);
        return (int)Math.Clamp(Math.Sqrt(MostPixels / area), LeastDpi, tools.Options.Dpi);
    }

    public override async Task WriteAsync(int page, Stream target, CancellationToken cancellationToken)
    {
        var number = page.ToString(CultureInfo.InvariantCulture);
        var (code, error) = await Tool.RunAsync(tools.Renderer!, ["-q", "-gray", "-r", DpiOf(page)!.Value.ToString(CultureInfo.InvariantCulture), "-f", number, "-l", number, path], null, (output, token) => output.CopyToAsync(target, token), cancellationToken);
        if (code != 0) throw new InvalidDataException($"The page could not be drawn: {FailureReasons.OneLine(error.Length > 0 ? error : $"exit code {code}")}");
    }

    public override void Dispose()
    {
        // Where the folder is gone there is nothing to delete.
        if (File.Exists(path)) File.Delete(path);
    }
}
