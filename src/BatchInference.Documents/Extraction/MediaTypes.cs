using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace BatchInference.Documents.Extraction;

/// <summary>Types of content, found by content; a file's name decides only between kinds of plain text.</summary>
public static partial class MediaTypes
{
    /// <summary>Plain text.</summary>
    public const string Text = "text/plain";

    /// <summary>Markdown.</summary>
    public const string Markdown = "text/markdown";

    /// <summary>HTML.</summary>
    public const string Html = "text/html";

    /// <summary>PDF.</summary>
    public const string Pdf = "application/pdf";

    /// <summary>Office Open XML text.</summary>
    public const string Word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

    /// <summary>OpenDocument text.</summary>
    public const string OpenDocument = "application/vnd.oasis.opendocument.text";

    /// <summary>An e-mail.</summary>
    public const string Mail = "message/rfc822";

    /// <summary>RTF.</summary>
    public const string Rtf = "application/rtf";

    /// <summary>XML that is none of the other types.</summary>
    public const string Xml = "application/xml";

    /// <summary>CSV.</summary>
    public const string Csv = "text/csv";

    /// <summary>One JSON value.</summary>
    public const string Json = "application/json";

    /// <summary>A JSON value a line.</summary>
    public const string JsonLines = "application/x-ndjson";

    /// <summary>Parquet.</summary>
    public const string Parquet = "application/vnd.apache.parquet";

    /// <summary>Office Open XML workbook.</summary>
    public const string Spreadsheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

    /// <summary>Office Open XML presentation.</summary>
    public const string Presentation = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

    /// <summary>OpenDocument spreadsheet.</summary>
    public const string OpenSpreadsheet = "application/vnd.oasis.opendocument.spreadsheet";

    /// <summary>OpenDocument presentation.</summary>
    public const string OpenPresentation = "application/vnd.oasis.opendocument.presentation";

    /// <summary>EPUB.</summary>
    public const string Epub = "application/epub+zip";

    /// <summary>Word 97 to 2003.</summary>
    public const string LegacyWord = "application/msword";

    /// <summary>Excel 97 to 2003.</summary>
    public const string LegacyExcel = "application/vnd.ms-excel";

    /// <summary>PowerPoint 97 to 2003.</summary>
    public const string LegacyPowerPoint = "application/vnd.ms-powerpoint";

    /// <summary>An e-mail of Outlook.</summary>
    public const string OutlookMail = "application/vnd.ms-outlook";

    /// <summary>A ZIP archive that is no document.</summary>
    public const string Zip = "application/zip";

    /// <summary>A 7z archive.</summary>
    public const string SevenZip = "application/x-7z-compressed";

    /// <summary>A tar archive.</summary>
    public const string Tar = "application/x-tar";

    /// <summary>gzip (RFC 1952).</summary>
    public const string Gzip = "application/gzip";

    /// <summary>bzip2.</summary>
    public const string Bzip2 = "application/x-bzip2";

    /// <summary>xz.</summary>
    public const string Xz = "application/x-xz";

    /// <summary>Zstandard (RFC 8878).</summary>
    public const string Zstandard = "application/zstd";

    /// <summary>E-mails one after the other in one file (RFC 4155).</summary>
    public const string Mailbox = "application/mbox";

    /// <summary>Nothing that is known.</summary>
    public const string Unknown = "application/octet-stream";

    private const string Ole = "application/x-ole-storage";

    private const int Head = 8192;

    // Each type with its words for people and its usual extensions.
    private static readonly Dictionary<string, (string Name, string[] Extensions)> Known = new(StringComparer.Ordinal)
    {
        [Text] = ("text file", [".txt", ".text", ".log"]),
        [Markdown] = ("Markdown file", [".md", ".markdown"]),
        [Html] = ("HTML page", [".html", ".htm", ".xhtml"]),
        [Pdf] = ("PDF", [".pdf"]),
        [Word] = ("Word document", [".docx", ".docm"]),
        [OpenDocument] = ("OpenDocument text", [".odt"]),
        [Mail] = ("e-mail", [".eml"]),
        ["image/png"] = ("PNG image", [".png"]),
        ["image/jpeg"] = ("JPEG image", [".jpg", ".jpeg"]),
        ["image/gif"] = ("GIF image", [".gif"]),
        ["image/tiff"] = ("TIFF image", [".tif", ".tiff"]),
        ["image/webp"] = ("WebP image", [".webp"]),
        [Zip] = ("ZIP archive", [".zip"]),
        [SevenZip] = ("7z archive", [".7z"]),
        [Tar] = ("tar archive", [".tar"]),
        [Gzip] = ("gzip archive", [".gz", ".tgz"]),
        [Bzip2] = ("bzip2 archive", [".bz2", ".tbz2"]),
        [Xz] = ("xz archive", [".xz", ".txz"]),
        [Zstandard] = ("Zstandard archive", [".zst"]),
        [Mailbox] = ("mailbox", [".mbox"]),
        ["application/x-rar-compressed"] = ("RAR archive", [".rar"]),
        [Rtf] = ("RTF document", [".rtf", ".doc"]),
        [Xml] = ("XML file", [".xml"]),
        [Csv] = ("CSV file", [".csv", ".tsv"]),
        [Json] = ("JSON file", [".json"]),
        [JsonLines] = ("JSON lines file", [".jsonl", ".ndjson"]),
        [Parquet] = ("Parquet file", [".parquet"]),
        [LegacyWord] = ("Word document", [".doc", ".dot"]),
        [LegacyExcel] = ("Excel workbook", [".xls", ".xlt"]),
        [LegacyPowerPoint] = ("PowerPoint presentation", [".ppt", ".pps"]),
        [OutlookMail] = ("Outlook message", [".msg"]),
        ["application/x-ole-storage"] = ("document of the old Microsoft Office formats", [".doc", ".xls", ".ppt", ".msg"]),
        [Spreadsheet] = ("Excel workbook", [".xlsx", ".xlsm"]),
        [Presentation] = ("PowerPoint presentation", [".pptx", ".pptm"]),
        [OpenSpreadsheet] = ("OpenDocument spreadsheet", [".ods"]),
        [OpenPresentation] = ("OpenDocument presentation", [".odp"]),
        [Epub] = ("EPUB book", [".epub"]),
        ["application/x-executable"] = ("program", [".exe", ".dll", ".so"]),
        ["audio/mpeg"] = ("sound recording", [".mp3"]),
        ["video/mp4"] = ("video", [".mp4", ".mov"]),
        ["application/vnd.sqlite3"] = ("SQLite database", [".db", ".sqlite"]),
    };

    private static readonly (byte[] Magic, string Type)[] Magics =
    [
        ([0x89, (byte)'P', (byte)'N', (byte)'G'], "image/png"),
        ([0xFF, 0xD8, 0xFF], "image/jpeg"),
        ("GIF8"u8.ToArray(), "image/gif"),
        ([(byte)'I', (byte)'I', 0x2A, 0], "image/tiff"),
        ([(byte)'M', (byte)'M', 0, 0x2A], "image/tiff"),
        ([0x1F, 0x8B], Gzip),
        ([(byte)'7', (byte)'z', 0xBC, 0xAF], SevenZip),
        ("BZh"u8.ToArray(), Bzip2),
        ([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0], Xz),
        ([0x28, 0xB5, 0x2F, 0xFD], Zstandard),
        ("Rar!"u8.ToArray(), "application/x-rar-compressed"),
        ("{\\rtf"u8.ToArray(), Rtf),
        ("PAR1"u8.ToArray(), Parquet),
        ([0xD0, 0xCF, 0x11, 0xE0], Ole),
        ([(byte)'M', (byte)'Z', 0x90], "application/x-executable"),
        ([0x7F, (byte)'E', (byte)'L', (byte)'F'], "application/x-executable"),
        ("ID3"u8.ToArray(), "audio/mpeg"),
        ("SQLite format 3"u8.ToArray(), "application/vnd.sqlite3"),
    ];

    /// <summary>The words for a type: <c>PNG image</c>.</summary>
    public static string Name(string type) => Known.TryGetValue(type, out var known) ? known.Name : type;

    /// <summary>The same with its article: <c>a PNG image</c>.</summary>
    public static string Article(string type) => (Name(type)[0] is 'e' or 'o' or 'O' or 'E' or 'R' or 'S' && Name(type) is not ("sound recording" or "SQLite database") ? "an " : "a ") + Name(type);

    /// <summary>True when files of the type are usually named so.</summary>
    public static bool Fits(string type, string extension) => Known.TryGetValue(type, out var known) && known.Extensions.Contains(extension, StringComparer.OrdinalIgnoreCase);

    /// <summary>True when what begins so may be a container, which may be larger than a document.</summary>
    public static bool MayHoldDocuments(ReadOnlySpan<byte> head) =>
        head.StartsWith("PK"u8) || head.StartsWith("From "u8) || IsTar(head) || (Magic(head) is { } type && Array.IndexOf(Packed, type) >= 0);

    /// <summary>True when the first block is the header of a tar archive: its checksum is right (POSIX ustar).</summary>
    public static bool IsTar(ReadOnlySpan<byte> head)
    {
        if (head.Length < 512 || head[0] == 0) return false;
        var sum = 8 * ' ';
        for (var index = 0; index < 512; index++)
            if (index is < 148 or >= 156) sum += head[index];
        var written = 0;
        foreach (var digit in head[148..156].Trim("\0 "u8))
            if (digit is < (byte)'0' or > (byte)'7') return false;
            else written = (written * 8) + digit - '0';
        return written == sum;
    }

    /// <summary>Finds the type of a content.</summary>
    /// <param name="content">Seekable; its position is changed.</param>
    /// <param name="path">The document's name.</param>
    public static string Detect(Stream content, string path)
    {
        var buffer = new byte[Head];
        content.Position = 0;
        var head = buffer.AsSpan(0, content.ReadAtLeast(buffer, Head, throwOnEndOfStream: false));

        if (Magic(head) is { } found) return found == Ole ? InsideOle(content) : found;
        if (head.StartsWith("RIFF"u8) && head.Length > 12 && head[8..12].SequenceEqual("WEBP"u8)) return "image/webp";
        if (head.Length > 12 && head[4..8].SequenceEqual("ftyp"u8)) return "video/mp4";
        // A PDF may have some bytes before its header (ISO 32000, implementation notes: the first 1024).
        if (head[..Math.Min(1024, head.Length)].IndexOf("%PDF-"u8) >= 0) return Pdf;
        if (head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8)) return InsideZip(content, head);
        if (IsTar(head)) return Tar;
        if (!TextEncodings.LooksLikeText(head)) return Unknown;
        return KindOfText(TextEncodings.DecodeHead(head), Path.GetExtension(path));
    }

    private static readonly string[] Packed = [Gzip, SevenZip, Bzip2, Xz, Zstandard];

    private static string? Magic(ReadOnlySpan<byte> head)
    {
        foreach (var (magic, type) in Magics)
            if (head.StartsWith(magic))
                return type;
        return null;
    }

    private static readonly (string Stream, string Type)[] OleStreams =
        [("WordDocument", LegacyWord), ("Workbook", LegacyExcel), ("Book", LegacyExcel), ("PowerPoint Document", LegacyPowerPoint), (Outlook.OutlookProperties.Stream, OutlookMail)];

    // The streams of a compound file stand in its directory by name.
    private static string InsideOle(Stream content)
    {
        try
        {
            var root = Outlook.CompoundFile.Open(content).Root;
            return OleStreams.FirstOrDefault(one => root.Has(one.Stream)).Type ?? Ole;
        }
        catch (DocumentException)
        {
            return InsideDamagedOle(content);
        }
    }

    // In UTF-16 ([MS-CFB] 2.6): the beginning of the directory tells what a damaged one was, too.
    private static string InsideDamagedOle(Stream content)
    {
        var header = new byte[512];
        content.Position = 0;
        if (content.ReadAtLeast(header, 512, throwOnEndOfStream: false) < 512) return Ole;
        var sector = 1 << (header[30] == 12 ? 12 : 9);
        var directory = new byte[8192];
        var start = ((long)BitConverter.ToUInt32(header, 48) + 1) * sector;
        if (start > content.Length) return Ole;
        content.Position = start;
        var names = directory.AsSpan(0, content.ReadAtLeast(directory, directory.Length, throwOnEndOfStream: false));
        foreach (var (name, type) in OleStreams)
            if (names.IndexOf(Encoding.Unicode.GetBytes(name + '\0')) >= 0)
                return type;
        return Ole;
    }

    private static string InsideZip(Stream content, ReadOnlySpan<byte> head)
    {
        // OpenDocument and EPUB store their type uncompressed as the first entry, readable even when the rest is cut off.
        if (head.Length > 38 && head[30..].StartsWith("mimetype"u8))
        {
            var type = Encoding.ASCII.GetString(head[38..Math.Min(head.Length, 38 + 100)]);
            if (Known.Keys.Where(known => type.StartsWith(known, StringComparison.Ordinal)).MaxBy(known => known.Length) is { } known) return known;
        }

        try
        {
            content.Position = 0;
            using var zip = new ZipArchive(content, ZipArchiveMode.Read, leaveOpen: true);
            if (zip.GetEntry("word/document.xml") is not null) return Word;
            if (zip.GetEntry("xl/workbook.xml") is not null) return Spreadsheet;
            if (zip.GetEntry("ppt/presentation.xml") is not null) return Presentation;
            return zip.GetEntry("[Content_Types].xml") is not null && zip.Entries.Any(entry => entry.FullName.StartsWith("word/", StringComparison.Ordinal)) ? Word : Zip;
        }
        catch (InvalidDataException)
        {
            // Its end is missing, where the list of entries stands; the names of the first entries tell what it was.
            if (head.IndexOf("word/"u8) >= 0 || head.IndexOf("[Content_Types].xml"u8) >= 0) return Word;
            return Zip;
        }
    }

    private static string KindOfText(string text, string extension)
    {
        var start = text.TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        if (HtmlStart().IsMatch(start)) return Html;
        if (MailboxStart().IsMatch(text)) return Mailbox;
        if (MailStart().IsMatch(start) && MailHeaders().Count(start) >= 2) return Mail;
        if (Fits(Html, extension) && HtmlTag().IsMatch(text)) return Html;
        if (XmlStart().IsMatch(start)) return Xml;
        if (JsonStart().IsMatch(start) || (start is ['[' or '{', ..] && Fits(Json, extension))) return IsLines(start, extension) ? JsonLines : Json;
        if (Fits(Csv, extension)) return Csv;
        return Fits(Markdown, extension) ? Markdown : Text;
    }

    // A value that ends with its line, and another one behind it.
    private static bool IsLines(string start, string extension)
    {
        if (Fits(JsonLines, extension)) return true;
        var end = start.IndexOf('\n', StringComparison.Ordinal);
        return end > 0 && start.AsSpan(0, end).TrimEnd() is ['{', .., '}'] && start.AsSpan(end).TrimStart() is ['{', ..];
    }

    [GeneratedRegex(@"\A(<\?xml\b|<!DOCTYPE\s|<[A-Za-z_][\w.-]*(:[\w.-]+)?\s[^>]*\bxmlns)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex XmlStart();

    [GeneratedRegex(@"\A\{\s*(""[^""]{1,200}""\s*:|\})", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex JsonStart();

    [GeneratedRegex(@"\A(<\?xml[^>]*>\s*)?(<!--.{0,2000}?-->\s*)*<(!doctype\s+html|html|head|body)\b", RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex HtmlStart();

    [GeneratedRegex(@"<(p|div|table|h[1-6]|title|meta|ul|span)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex HtmlTag();

    [GeneratedRegex(@"\AFrom \S+ .*\d{4}.*\r?\n[A-Za-z][A-Za-z0-9-]{1,40}:", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex MailboxStart();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9-]{1,40}:[ \t]", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex MailStart();

    [GeneratedRegex(@"^(From|To|Cc|Date|Subject|Message-ID|MIME-Version|Received|Return-Path|Delivered-To|Content-Type|Reply-To|X-[A-Za-z-]+):[ \t]", RegexOptions.IgnoreCase | RegexOptions.Multiline | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex MailHeaders();
}
