using System.Diagnostics;
using System.Globalization;
using System.Text;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Testing;
using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Fonts.Standard14Fonts;
using UglyToad.PdfPig.Writer;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>Scans of known French texts, read by Tesseract: the error is counted in characters against the text that was set.</summary>
public sealed class ScanTests
{
    private const double MostErrors = 0.04;

    private static readonly ExtractionLimits Limits = new();

    private static readonly Lazy<Task<OcrTools>> Tools = new(async () =>
    {
        var tools = await OcrTools.FindAsync(new OcrOptions(), CancellationToken.None);
        tools.Missing.ShouldBeNull("These tests need tesseract-ocr, tesseract-ocr-fra and poppler-utils; .ci/run installs them.");
        tools.Renderer.ShouldNotBeNull("These tests need poppler-utils; .ci/run installs it.");
        return tools;
    });

    [Theory]
    [InlineData("lettre-300dpi.png", "image/png", "lettre.txt", 1)]
    [InlineData("lettre-couchee.png", "image/png", "lettre.txt", 1)]
    [InlineData("lettre-150dpi-bruit.jpg", "image/jpeg", "lettre.txt", 1)]
    [InlineData("rapport.tif", "image/tiff", "rapport.txt", 2)]
    [InlineData("rapport-gris.pdf", MediaTypes.Pdf, "rapport.txt", 2)]
    [InlineData("rapport-fax-renverse.pdf", MediaTypes.Pdf, "rapport.txt", 2)]
    public async Task AScanIsReadPageByPage(string scan, string type, string source, int pages)
    {
        var text = Read(await GoldenAsync(scan), type, await Tools.Value);

        ErrorRate(await File.ReadAllTextAsync(Golden(source)), text.Text).ShouldBeLessThanOrEqualTo(MostErrors, text.Text);
        text.Pages.Select(page => page.Number).ShouldBe(Enumerable.Range(1, pages));
        text.Pages.ShouldAllBe(page => page.Length > 100);
        text.Scanned.Select(page => page.Page).ShouldBe(Enumerable.Range(1, pages));
        text.Scanned.ShouldAllBe(page => page.Confidence > 0.8 && page.Confidence <= 1 && page.Error == null);
    }

    // Pictures go to Tesseract as they are: it measures the lines and not the dots.
    [Theory]
    [InlineData(150)]
    [InlineData(200)]
    [InlineData(600)]
    public async Task AScanIsReadAtEveryUsualResolution(int dpi)
    {
        using var folder = new TempFolder();
        using (var poppler = Process.Start("pdftoppm", ["-q", "-png", "-gray", "-r", dpi.ToString(CultureInfo.InvariantCulture), Golden("rapport-gris.pdf"), folder["page"]]))
        {
            await poppler.WaitForExitAsync();
            poppler.ExitCode.ShouldBe(0);
        }

        var text = new StringBuilder();
        foreach (var page in Directory.GetFiles(folder, "page-*.png").Order(StringComparer.Ordinal))
            text.AppendLine(Read(await File.ReadAllBytesAsync(page), "image/png", await Tools.Value).Text);
        ErrorRate(await File.ReadAllTextAsync(Golden("rapport.txt")), text.ToString()).ShouldBeLessThanOrEqualTo(MostErrors, text.ToString());
    }

    [Fact]
    public async Task APageThatIsOnePictureIsReadWithoutAProgramThatDraws()
    {
        var text = Read(await GoldenAsync("rapport-gris.pdf"), MediaTypes.Pdf, await Tools.Value with { Renderer = null });
        ErrorRate(await File.ReadAllTextAsync(Golden("rapport.txt")), text.Text).ShouldBeLessThanOrEqualTo(MostErrors, text.Text);
    }

    [Fact]
    public async Task ARubbishTextLayerIsReadAgainFromThePictureAndASoundOneIsKept()
    {
        using var builder = new PdfDocumentBuilder();
        var font = builder.AddStandard14Font(Standard14Font.Helvetica);
        var rubbish = builder.AddPage(PageSize.A4);
        rubbish.AddJpeg(await GoldenAsync("lettre-150dpi-bruit.jpg"), new PdfRectangle(0, 0, rubbish.PageSize.Width, rubbish.PageSize.Height));
        rubbish.SetTextRenderingMode(TextRenderingMode.Neither);
        for (var line = 0; line < 10; line++)
            rubbish.AddText("0RQVLHXU OH 3UpIHW -DL OKRQQHXU GH YRXV DGUHVVHU HQ UpSRQVH", 9, new PdfPoint(50, 700 - (12 * line)), font);
        builder.AddPage(PageSize.A4).AddText("The second page has a sound text layer, which stays as it is.", 11, new PdfPoint(50, 700), font);

        var text = Read(builder.Build(), MediaTypes.Pdf, await Tools.Value);

        text.Text.ShouldNotContain("0RQVLHXU");
        var (first, second) = (text.Pages[0], text.Pages[1]);
        ErrorRate(await File.ReadAllTextAsync(Golden("lettre.txt")), text.Text.Substring(first.Start, first.Length)).ShouldBeLessThanOrEqualTo(MostErrors);
        text.Text.Substring(second.Start, second.Length).ShouldBe("The second page has a sound text layer, which stays as it is.");
        text.Scanned.Select(page => page.Page).ShouldBe([1]);
    }

    [Fact]
    public async Task WithoutTesseractTheReasonSaysWhatToInstallAndTheFingerprintDiffers()
    {
        using var empty = new TempFolder();
        var none = await OcrTools.FindAsync(new OcrOptions { Tools = empty.Path }, CancellationToken.None);

        none.Fingerprint.ShouldNotBe((await Tools.Value).Fingerprint);
        var failure = Should.Throw<DocumentException>(() => Read(File.ReadAllBytes(Golden("rapport-gris.pdf")), MediaTypes.Pdf, none));
        failure.Permanent.ShouldBeTrue();
        failure.Message.ShouldBe(
            $"The PDF has 2 pages and no text layer; it is probably a scan: Tesseract, which reads scans, was not found in {empty.Path} (Ocr:Tools). " +
            "Install it: apt-get install tesseract-ocr tesseract-ocr-fra tesseract-ocr-eng poppler-utils");
    }

    [Fact]
    public async Task APageThatTakesTooLongIsToldInItsPlaceAndItsDocumentTriedAgain()
    {
        var tools = await Tools.Value with { Options = new OcrOptions { PageTime = TimeSpan.FromMilliseconds(1) } };
        var failure = Should.Throw<DocumentException>(() => Read(File.ReadAllBytes(Golden("lettre-300dpi.png")), "image/png", tools));
        failure.Message.ShouldEndWith("It took longer than 0 seconds, the limit of the configuration (Ocr:SecondsPerPage).");
        failure.Permanent.ShouldBeFalse();
        // Beside a text layer, too, that is rubbish or nearly nothing.
        var text = Read(await TypedAndScannedAsync("p. 17"), MediaTypes.Pdf, tools);
        text.Text.ShouldBe("The first page is typed, and stays as it is.\n\np. 17");
        text.Scanned.ShouldHaveSingleItem().ShouldBe(new ScannedPage(2, 0, "It took longer than 0 seconds, the limit of the configuration (Ocr:SecondsPerPage)."));
    }

    [Fact]
    public async Task WithoutTesseractThePagesThatWereNotReadAreToldBesideTheTypedOnes()
    {
        var text = Read(await TypedAndScannedAsync(null), MediaTypes.Pdf, OcrTools.None);
        text.Text.ShouldBe("The first page is typed, and stays as it is.");
        text.Scanned.ShouldHaveSingleItem().ShouldBe(new ScannedPage(2, 0, "The page is probably a scan, and was not read as one: reading of scans is switched off (Ocr:Enabled)."));
    }

    [Theory]
    [InlineData("kill -9 $$", "tesseract was ended by signal 9, as the system does for want of memory.", false)]
    [InlineData(null, "tesseract cannot be started", false)]
    [InlineData("echo 'Image is odd.' >&2; exit 1", "Tesseract could not read the image: Image is odd.", true)]
    public async Task AProgramThatDidNotRunIsNoFailureOfTheDocument(string? script, string reason, bool permanent)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The programs are scripts of a shell.");
        using var folder = new TempFolder();
        var program = folder["tesseract"];
        if (script is not null && !OperatingSystem.IsWindows())
        {
            folder.Write("tesseract", $"#!/bin/sh\n{script}\n");
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        var tools = await Tools.Value with { Tesseract = program };
        var failure = Should.Throw<DocumentException>(() => Read(File.ReadAllBytes(Golden("lettre-300dpi.png")), "image/png", tools));
        failure.Message.ShouldContain(reason);
        failure.Permanent.ShouldBe(permanent);
    }

    [Fact]
    public async Task WhatAPdfSaysOfItselfStaysWhenItsPagesAreReadAsPictures()
    {
        var text = Read(await TypedAndScannedAsync(null), MediaTypes.Pdf, await Tools.Value);
        text.Scanned.ShouldHaveSingleItem().Error.ShouldBeNull();
        text.Metadata["title"].ShouldBe("Minutes");
    }

    [Fact]
    public async Task ACancelledReadingEndsItsPrograms()
    {
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        var tools = await Tools.Value;
        Should.Throw<OperationCanceledException>(() => Read(File.ReadAllBytes(Golden("lettre-300dpi.png")), "image/png", tools, stopped.Token));
    }

    [Theory]
    [InlineData("Le conseil municipal a voté le budget de l'année 1987, d'un montant de 148 500 francs, à l'unanimité.", false)]
    [InlineData("NB: 12/03/1987 - réf. DGCL/SG no 4512 - Art. R. 123-4 du CGCT; tél. 01 23 45 67 89; www.mairie.example", false)]
    [InlineData("Der Rechtsschutzversicherungsvertrag wurde am Sonntag gekündigt, sprach der Geschäftsführer.", false)]
    [InlineData("1981 | Piscine municipale | Castelbrune | 11 750 | 12 480 | Gymnase | Rochemaille | 3 260 | Médiathèque | Saint-Aubin | Stade | Larvois | Halle | Théâtre | Conservatoire", false)]
    [InlineData("Совет проголосовал за бюджет города на следующий год единогласно.", false)]
    [InlineData("0RQVLHXU OH 3UpIHW -DL OKRQQHXU GH YRXV DGUHVVHU HQ UpSRQVH j YRWUH FRXUULHU", true)]
    [InlineData("\uFFFD\uFFFD\uFFFD a \uFFFD\uFFFD\uFFFD\uFFFD de \uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD le \uFFFD\uFFFD\uFFFD", true)]
    [InlineData("\uE012\uE013\uE014 \uE015\uE016\uE017\uE018 \uE019\uE020\uE021\uE022\uE023 \uE024\uE025\uE026\uE027\uE028 \uE012\uE013\uE014", true)]
    [InlineData("lVl0nsi3ur |3 Pr6f3t, j'a1 l'h0nn3ur d3 v0us adr3ss3r 3n r6p0ns3 4 v0tr3 c0urr13r", true)]
    public void RubbishIsToldFromText(string layer, bool isRubbish) =>
        TextLayer.IsRubbish(layer).ShouldBe(isRubbish, TextLayer.Quality(layer).ToString(CultureInfo.InvariantCulture));

    [Fact]
    public void ARingOfTiffDirectoriesHasAnEnd()
    {
        byte[] ring = [(byte)'I', (byte)'I', 42, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 0];
        TiffFrames.Count(new MemoryStream(ring), 100).ShouldBe(101);
        Should.Throw<DocumentException>(() => new ImageExtractor().Extract(new MemoryStream(ring), "image/tiff", Limits with { Pages = 100 }, CancellationToken.None)).Permanent.ShouldBeTrue();
    }

    private static async Task<byte[]> TypedAndScannedAsync(string? layer)
    {
        using var builder = new PdfDocumentBuilder();
        builder.DocumentInformation.Title = "Minutes";
        var font = builder.AddStandard14Font(Standard14Font.Helvetica);
        builder.AddPage(PageSize.A4).AddText("The first page is typed, and stays as it is.", 11, new PdfPoint(50, 700), font);
        var scanned = builder.AddPage(PageSize.A4);
        scanned.AddJpeg(await GoldenAsync("lettre-150dpi-bruit.jpg"), new PdfRectangle(0, 0, scanned.PageSize.Width, scanned.PageSize.Height));
        if (layer is not null) scanned.AddText(layer, 9, new PdfPoint(50, 30), font);
        return builder.Build();
    }

    private static ExtractedText Read(byte[] content, string type, OcrTools tools, CancellationToken cancellationToken = default)
    {
        using var stream = new MemoryStream(content);
        TextExtractor extractor = type == MediaTypes.Pdf ? new PdfExtractor() : new ImageExtractor();
        return new ScanReader(tools, TimeProvider.System).Read(stream, extractor.Extract(stream, type, Limits, CancellationToken.None), Limits, _ => { }, cancellationToken);
    }

    // Levenshtein distance by the length of the source, blanks folded: Unicode forms and the two apostrophes count as one.
    private static double ErrorRate(string source, string read)
    {
        var (left, right) = (Normal(source), Normal(read));
        var distances = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var row = 1; row <= left.Length; row++)
        {
            var diagonal = distances[0];
            distances[0] = row;
            for (var column = 1; column <= right.Length; column++)
                (diagonal, distances[column]) = (distances[column], Math.Min(Math.Min(distances[column], distances[column - 1]) + 1, diagonal + (left[row - 1] == right[column - 1] ? 0 : 1)));
        }

        return distances[^1] / (double)left.Length;
    }

    private static string Normal(string text) => string.Join(' ', text.Normalize(NormalizationForm.FormC).Replace('’', '\'').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string Golden(string name) => Repository.At($"tests/fixtures/documents/scans/{name}");

    private static Task<byte[]> GoldenAsync(string name) => File.ReadAllBytesAsync(Golden(name));
}
