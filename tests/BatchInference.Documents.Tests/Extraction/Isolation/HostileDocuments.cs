using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace BatchInference.Documents.Tests.Extraction.Isolation;

/// <summary>Documents that were made to hurt.</summary>
internal static class HostileDocuments
{
    /// <summary>The text that those hold which may be read.</summary>
    public const string Heart = "The heart of the matter is here.";

    public static IEnumerable<(string Name, byte[] Content)> All() =>
    [
        ("zeros.zip", Zip(("zeros.txt", new byte[400 << 20]))),
        ("nested.zip", Nested(5, 10)),
        ("ring.pdf", RingOfPages()),
        ("deep-outline.pdf", DeepPages(20_000)),
        ("laughs.xml", Utf8(BillionLaughs("<!DOCTYPE lolz [{0}]><lolz>&lol9;</lolz>"))),
        ("external.xml", Utf8("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>")),
        ("traversal.zip", Zip(("../../../etc/evil.txt", Utf8(Heart)), ("/absolute.txt", Utf8(Heart)))),
        ("traversal.tar", Tar("../../evil.txt", Utf8(Heart))),
        ("deep.html", Utf8($"<html><body>{string.Concat(Enumerable.Repeat("<div>", 20_000))}{Heart}{string.Concat(Enumerable.Repeat("</div>", 20_000))}</body></html>")),
        ("deep.xml", Utf8($"{string.Concat(Enumerable.Repeat("<a>", 20_000))}{Heart}{string.Concat(Enumerable.Repeat("</a>", 20_000))}")),
        ("deep.json", Utf8($"{new string('[', 20_000)}\"{Heart}\"{new string(']', 20_000)}")),
        ("deep.rtf", Utf8($"{{\\rtf1 {new string('{', 20_000)}{Heart}{new string('}', 20_000)}}}")),
        ("deep.eml", DeepMail(500)),
        ("line.csv", Utf8($"{Heart},{new string(',', 2_000_000)}")),
        ("gzip.gz", Gzip(new byte[400 << 20])),
        ("huge.docx", Zip(("[Content_Types].xml", Utf8("<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>")), ("word/document.xml", new byte[300 << 20]))),
    ];

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Zip(params (string Name, byte[] Content)[] entries)
    {
        var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in entries)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(content);
            }

        return buffer.ToArray();
    }

    // As 42.zip: each layer holds the one below many times; opened whole it is some terabytes.
    private static byte[] Nested(int layers, int copies)
    {
        var inner = Zip(("zeros.txt", new byte[32 << 20]));
        for (; layers > 0; layers--)
        {
            var below = inner;
            inner = Zip([.. Enumerable.Range(0, copies).Select(copy => ($"{copy}.zip", below))]);
        }

        return inner;
    }

    private static byte[] Gzip(byte[] content)
    {
        var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(content);
        return buffer.ToArray();
    }

    private static byte[] Tar(string name, byte[] content)
    {
        var buffer = new MemoryStream();
        using (var tar = new TarWriter(buffer, leaveOpen: true)) tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        return buffer.ToArray();
    }

    private static string BillionLaughs(string around)
    {
        var entities = new StringBuilder("<!ENTITY lol0 \"lol\">");
        for (var level = 1; level <= 9; level++)
            entities.Append(CultureInfo.InvariantCulture, $"<!ENTITY lol{level} \"{string.Concat(Enumerable.Repeat($"&lol{level - 1};", 10))}\">");
        return around.Replace("{0}", entities.ToString(), StringComparison.Ordinal);
    }

    private static byte[] RingOfPages() => Pdf(
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 2 >>");

    private static byte[] DeepPages(int depth) => Pdf(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            .. Enumerable.Range(2, depth).Select(number => $"<< /Type /Pages /Kids [{number + 1} 0 R] /Count 1 >>"),
            "<< /Type /Page /MediaBox [0 0 100 100] >>",
        ]);

    private static byte[] Pdf(params string[] objects)
    {
        var text = new StringBuilder("%PDF-1.4\n");
        var offsets = new List<int>();
        foreach (var (one, index) in objects.Select((one, index) => (one, index)))
        {
            offsets.Add(text.Length);
            text.Append(CultureInfo.InvariantCulture, $"{index + 1} 0 obj\n{one}\nendobj\n");
        }

        var start = text.Length;
        text.Append(CultureInfo.InvariantCulture, $"xref\n0 {objects.Length + 1}\n0000000000 65535 f \n");
        foreach (var offset in offsets) text.Append(CultureInfo.InvariantCulture, $"{offset:D10} 00000 n \n");
        text.Append(CultureInfo.InvariantCulture, $"trailer\n<< /Size {objects.Length + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static byte[] DeepMail(int depth)
    {
        var mail = new StringBuilder();
        for (var level = 0; level < depth; level++)
            mail.Append(CultureInfo.InvariantCulture, $"From: a@example.org\r\nTo: b@example.org\r\nSubject: {level}\r\nMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n");
        return Utf8($"{mail}From: a@example.org\r\nSubject: last\r\n\r\n{Heart}\r\n");
    }
}
