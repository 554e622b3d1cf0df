using System.Globalization;
using System.IO.Compression;
using System.Text;
using BatchInference.Documents.Extraction;
using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Fonts.Standard14Fonts;
using UglyToad.PdfPig.Writer;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>What each format's text is, by documents made here part by part.</summary>
public sealed class FormatTests
{
    private const string W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";

    private static readonly DocumentReader Reader = DocumentReader.Standard(new ExtractionLimits { Bytes = 8 << 20, Characters = 100_000, Pages = 20 }, TimeProvider.System);

    [Fact]
    public async Task LinesThatAProgramWrappedAreJoinedAndListsAreNot() =>
        await ShouldReadAsync("a.txt",
            "The council met on Monday in the great hall of the town\nhouse and voted the budget.\n\n- a bench\n- a pool\n\nYours,\nAnn\n",
            "The council met on Monday in the great hall of the town house and voted the budget.\n\n- a bench\n- a pool\n\nYours,\nAnn");

    [Fact]
    public async Task APageGivesItsMainTextWithoutScriptsMenusAndHiddenParts() =>
        await ShouldReadAsync("page.html",
            """
            <!doctype html><html><head><title>Town news</title><style>p { color: red }</style></head><body>
            <nav><a href="/">Home</a> <a href="/contact">Contact</a></nav>
            <h1>The pool opens</h1>
            <p>It opens on <b>Mon</b>day.</p><p hidden>SECRET</p><p style="display: none">SECRET</p><p aria-hidden="true">SECRET</p>
            <script>var SECRET = "<p>SECRET</p>";</script><noscript>SECRET</noscript>
            <ul><li>Adults: 5&nbsp;&euro;</li><li>Children: free</li></ul>
            <table><tr><th>Day</th><th>Hours</th></tr><tr><td>Monday</td><td>9 to 5</td></tr></table>
            <form><input value="SECRET"><button>SECRET</button></form>
            </body></html>
            """,
            "The pool opens\n\nIt opens on Monday.\n\n- Adults: 5 €\n- Children: free\n\nDay | Hours\nMonday | 9 to 5");

    [Theory]
    [InlineData("<html><head><title>\n Town   news </title></head><body><h1>The pool opens</h1><p>It opens.</p></body></html>", "Town news")]
    [InlineData("<html><body><h1>The pool opens</h1><svg><title>Logo</title></svg></body></html>", null)]
    public async Task ThePageSaysItsTitle(string page, string? title) =>
        (await ReadAsync("page.html", Encoding.UTF8.GetBytes(page))).Text!.Metadata.GetValueOrDefault("title").ShouldBe(title);

    [Theory]
    [InlineData("D:20260101120000Z'", "2026-01-01T12:00:00+00:00")]
    [InlineData("D:20260101120000Z", "2026-01-01T12:00:00+00:00")]
    [InlineData("D:20260101120000Z00'00'", "2026-01-01T12:00:00+00:00")]
    [InlineData("D:20260101120000+01'00'", "2026-01-01T12:00:00+01:00")]
    [InlineData("yesterday", null)]
    public async Task ThePdfSaysWhenItWasMade(string written, string? created)
    {
        using var builder = new PdfDocumentBuilder();
        builder.DocumentInformation.CreationDate = written;
        builder.AddPage(PageSize.A4).AddText("A page.", 11, new PdfPoint(50, 700), builder.AddStandard14Font(Standard14Font.Helvetica));
        (await ReadAsync("dated.pdf", builder.Build())).Text!.Metadata.GetValueOrDefault("created").ShouldBe(created);
    }

    [Fact]
    public async Task APageThatNestsWithoutEndIsReadOrRefused()
    {
        var reading = await ReadAsync("deep.html", Encoding.UTF8.GetBytes($"<html><body>{string.Concat(Enumerable.Repeat("<div>", 20_000))}The end of the tunnel.{string.Concat(Enumerable.Repeat("</div>", 20_000))}</body></html>"));
        (reading.Text?.Text == "The end of the tunnel." || reading.Failure is { Permanent: true }).ShouldBeTrue();
    }

    [Fact]
    public async Task AWordDocumentIsReadWithHeadingsTablesListsAndFootnotes() =>
        await ShouldReadAsync("minutes.docx", Zip(
            ("[Content_Types].xml", """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"""),
            ("word/document.xml",
                $"""
                <w:document xmlns:w="{W}"><w:body>
                <w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Minutes</w:t></w:r></w:p>
                <w:p><w:r><w:t xml:space="preserve">The council </w:t></w:r><w:del><w:r><w:delText>refused</w:delText></w:r></w:del><w:ins><w:r><w:t>voted</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>SECRET</w:t></w:r><w:r><w:t xml:space="preserve"> the budget.</w:t></w:r></w:p>
                <w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>a bench</w:t></w:r></w:p>
                <w:tbl><w:tr><w:tc><w:p><w:r><w:t>Year</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Sum</w:t></w:r></w:p></w:tc></w:tr><w:tr><w:tc><w:p><w:r><w:t>2024</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>12</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
                </w:body></w:document>
                """),
            ("word/footnotes.xml", $"""<w:footnotes xmlns:w="{W}"><w:footnote w:type="separator"><w:p><w:r><w:t>SECRET</w:t></w:r></w:p></w:footnote><w:footnote w:id="1"><w:p><w:r><w:t>In euros.</w:t></w:r></w:p></w:footnote></w:footnotes>""")),
            "Minutes\n\nThe council voted the budget.\n\n- a bench\n\nYear | Sum\n2024 | 12\n\nIn euros.");

    [Fact]
    public async Task AnOpenDocumentIsReadWithHeadingsTablesListsAndNotes() =>
        await ShouldReadAsync("report.odt", Zip(
            ("mimetype", "application/vnd.oasis.opendocument.text"),
            ("content.xml",
                """
                <office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:text>
                <text:tracked-changes><text:changed-region><text:deletion><text:p>SECRET</text:p></text:deletion></text:changed-region></text:tracked-changes>
                <text:h>Report</text:h>
                <text:p>The road<text:s/>is closed<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Until May.</text:p></text:note-body></text:note>.</text:p>
                <text:list><text:list-item><text:p>north</text:p></text:list-item><text:list-item><text:p>south</text:p></text:list-item></text:list>
                <table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>
                </office:text></office:body></office:document-content>
                """)),
            "Report\n\nThe road is closed (Until May. ).\n\n- north\n- south\n\na | b");

    [Fact]
    public async Task AMailIsReadWithItsHeadersAndItsText() =>
        await ShouldReadAsync("mail.eml",
            "From: =?utf-8?q?Andr=C3=A9?= <andre@mairie.example>\r\nTo: Ann <ann@example.org>\r\nSubject: =?utf-8?b?UsOpdW5pb24=?=\r\nDate: Tue, 24 Nov 2026 09:30:00 +0100\r\n" +
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nLa r=E9union est report=E9e.\r\n" +
            "--b\r\nContent-Type: application/pdf; name=\"plan.pdf\"\r\nContent-Disposition: attachment; filename=\"plan.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n",
            "Subject: Réunion\nFrom: \"André\" <andre@mairie.example>\nTo: \"Ann\" <ann@example.org>\nDate: 2026-11-24 09:30 +01:00\n\nLa réunion est reportée.\n\nAttachments: plan.pdf");

    [Fact]
    public async Task APdfIsReadByPagesColumnsAndWithItsHyphensHealed()
    {
        using var builder = new PdfDocumentBuilder();
        var font = builder.AddStandard14Font(Standard14Font.Helvetica);
        var first = builder.AddPage(PageSize.A4);
        // Two columns, written line by line across both, as some programs do.
        for (var line = 0; line < 8; line++)
        {
            first.AddText(line == 7 ? "The left column ends adminis-" : $"left line number {line} of the page", 11, new PdfPoint(50, 780 - (14 * line)), font);
            first.AddText(line == 0 ? "tration is on the right, then" : $"right line number {line} of the page", 11, new PdfPoint(320, 780 - (14 * line)), font);
        }

        builder.AddPage(PageSize.A4).AddText("The second page.", 11, new PdfPoint(50, 700), font);
        var text = (await ReadAsync("columns.pdf", builder.Build())).Text!;

        text.Pages.Select(page => page.Number).ShouldBe([1, 2]);
        text.Text.Substring(text.Pages[1].Start, text.Pages[1].Length).ShouldBe("The second page.");
        text.PageAt(text.Text.IndexOf("second", StringComparison.Ordinal)).ShouldBe(2);
        text.Text.IndexOf("left line number 6", StringComparison.Ordinal).ShouldBeLessThan(text.Text.IndexOf("right line number 1", StringComparison.Ordinal), text.Text);
        text.Text.ShouldContain("administration is on the right");
    }

    [Fact]
    public async Task LettersOfAPdfAreWordsHoweverTheyWereDrawn()
    {
        // By letters from the right; twice, as bold; with an accent before the letter under it; a blank that is taken back; words set apart by places alone.
        var drawn = """
            BT /F 20 Tf
            1 0 0 1 77.8 700 Tm (m) Tj 1 0 0 1 66.68 700 Tm (a) Tj 1 0 0 1 55.56 700 Tm (e) Tj 1 0 0 1 50 700 Tm (t) Tj
            1 0 0 1 50 670 Tm (Bold) Tj 1 0 0 1 50.4 670 Tm (Bold) Tj
            1 0 0 1 50 640 Tm (r) Tj 1 0 0 1 58.9 640 Tm (^) Tj 1 0 0 1 56.66 640 Tm (o) Tj 1 0 0 1 67.78 640 Tm (le) Tj
            1 0 0 1 50 610 Tm (leg) Tj ( ) Tj 1 0 0 1 76.7 610 Tm (acy) Tj
            1 0 0 1 50 580 Tm (two) Tj 1 0 0 1 86.7 580 Tm (words) Tj
            ET
            """;
        await ShouldReadAsync("drawn.pdf", Drawn(drawn), "team\nBold\nrôle\nlegacy\ntwo words");
    }

    [Fact]
    public async Task APageThatIsPrintedOnItsSideIsRead() =>
        await ShouldReadAsync("side.pdf", Drawn("BT /F 12 Tf 0 1 -1 0 100 100 Tm (The accounts of the year are on the next page.) Tj 0 1 -1 0 114 100 Tm (They were audited.) Tj 1 0 0 1 300 50 Tm (7) Tj ET"),
            "The accounts of the year are on the next page. They were audited.");

    [Fact]
    public async Task APdfOfMorePagesThanTheLimitIsRefused()
    {
        using var builder = new PdfDocumentBuilder();
        var font = builder.AddStandard14Font(Standard14Font.Helvetica);
        for (var page = 0; page < 21; page++)
            builder.AddPage(PageSize.A4).AddText("A page.", 11, new PdfPoint(50, 700), font);
        (await ReadAsync("long.pdf", builder.Build())).Failure.ShouldBe(new DocumentFailure("extract", "The document has more than 20 pages, the limit of the configuration (Limits:Pages).", true));
    }

    [Fact]
    public async Task APdfOfEmptyPagesSaysSo()
    {
        using var builder = new PdfDocumentBuilder();
        builder.AddPage(PageSize.A4);
        (await ReadAsync("scan.pdf", builder.Build())).Failure.ShouldBe(new DocumentFailure("extract", "The PDF has one page, and nothing is on it.", true));
    }

    [Fact]
    public async Task APackedDocumentThatUnpacksWithoutEndIsRefused()
    {
        var bomb = Zip(
            ("[Content_Types].xml", """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"""),
            ("word/document.xml", $"""<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>{new string('a', 50_000_000)}</w:t></w:r></w:p></w:body></w:document>"""));
        bomb.Length.ShouldBeLessThan(1 << 20);
        (await ReadAsync("bomb.docx", bomb)).Failure!.Permanent.ShouldBeTrue();
    }

    [Fact]
    public async Task EntitiesOfAnXmlPartAreNotResolved()
    {
        var reading = await ReadAsync("entities.odt", Zip(
            ("mimetype", "application/vnd.oasis.opendocument.text"),
            ("content.xml", """<!DOCTYPE d [<!ENTITY secret SYSTEM "file:///etc/passwd">]><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><text:p>&secret;</text:p></office:body></office:document-content>""")));
        (reading.Text?.Text ?? "").ShouldNotContain("root:");
        reading.Failure!.Permanent.ShouldBeTrue();
    }

    private static Task ShouldReadAsync(string path, string content, string expected) => ShouldReadAsync(path, Encoding.UTF8.GetBytes(content), expected);

    private static async Task ShouldReadAsync(string path, byte[] content, string expected)
    {
        var reading = await ReadAsync(path, content);
        reading.Failure.ShouldBeNull();
        reading.Text!.Text.ShouldBe(expected);
    }

    private static Task<DocumentReading> ReadAsync(string path, byte[] content) =>
        Reader.ReadAsync(new Document(new DocumentId(path, "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).FirstAsync().AsTask();

    // A page of one font and these drawing commands.
    private static byte[] Drawn(string commands)
    {
        var pdf = new StringBuilder("%PDF-1.4\n");
        var places = new List<int>();
        foreach (var item in new[]
        {
            "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
            $"<< /Length {commands.Length} >>\nstream\n{commands}\nendstream",
        })
        {
            places.Add(pdf.Length);
            pdf.Append(CultureInfo.InvariantCulture, $"{places.Count} 0 obj\n{item}\nendobj\n");
        }

        var table = pdf.Length;
        pdf.Append("xref\n0 5\n0000000000 65535 f \n");
        foreach (var place in places) pdf.Append(CultureInfo.InvariantCulture, $"{place:D10} 00000 n \n");
        return Encoding.ASCII.GetBytes(pdf.Append(CultureInfo.InvariantCulture, $"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").ToString());
    }

    private static byte[] Zip(params (string Name, string Content)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in entries)
                using (var writer = new StreamWriter(archive.CreateEntry(name, name == "mimetype" ? CompressionLevel.NoCompression : CompressionLevel.Optimal).Open(), new UTF8Encoding(false)))
                    writer.Write(content);
        return bytes.ToArray();
    }
}
