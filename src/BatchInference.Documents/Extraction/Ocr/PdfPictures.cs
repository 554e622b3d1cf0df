using UglyToad.PdfPig;

namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>The one picture that a page of a scanned PDF usually is: for machines where no program draws pages.</summary>
internal sealed class PdfPictures : ScanImages
{
    private readonly Lock turn = new();
    private readonly PdfDocument pdf;

    public PdfPictures(Stream content)
    {
        content.Position = 0;
        pdf = PdfExtractor.Open(content);
    }

    public override async Task WriteAsync(int page, Stream target, CancellationToken cancellationToken)
    {
        byte[]? picture;
        lock (turn) picture = PictureOf(page);
        if (picture is null) throw new InvalidDataException("The page is not one picture of a kind that is read without Poppler. Install poppler-utils.");
        await target.WriteAsync(picture, cancellationToken);
    }

    public override void Dispose() => pdf.Dispose();

    // As JPEG or PNG; null for what is packed in another way (JBIG2, fax, JPEG 2000).
    private byte[]? PictureOf(int page)
    {
        var largest = pdf.GetPage(page).GetImages().MaxBy(image => image.WidthInSamples * (long)image.HeightInSamples);
        if (largest is null) return null;
        return largest.RawBytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? largest.RawBytes.ToArray() : largest.TryGetPng(out var png) ? png : null;
    }
}
