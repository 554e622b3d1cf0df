using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using BatchInference.Documents.Extraction.Outlook;
using static BatchInference.Documents.Extraction.MediaTypes;

namespace BatchInference.Documents.Extraction;

/// <summary>Finds the type of a document by its content; its name decides only between kinds of plain text.</summary>
internal static partial class MediaTypeDetection
{
    private const int Head = 8192;

    // A compound file may be an e-mail of Outlook.
    private static readonly string[] Packed = [Gzip, SevenZip, Bzip2, Xz, Zstandard, MediaTypes.Parquet, MediaTypes.CompoundFile];

    // The stream that each kind of compound file has in its root.
    private static readonly (string Stream, string Type)[] Streams =
        [("WordDocument", LegacyWord), ("Workbook", LegacyExcel), ("Book", LegacyExcel), ("PowerPoint Document", LegacyPowerPoint), (OutlookProperties.Stream, OutlookMail)];

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
        ("PAR1"u8.ToArray(), MediaTypes.Parquet),
        ([0xD0, 0xCF, 0x11, 0xE0], MediaTypes.CompoundFile),
        ([(byte)'M', (byte)'Z', 0x90], "application/x-executable"),
        ([0x7F, (byte)'E', (byte)'L', (byte)'F'], "application/x-executable"),
        ("ID3"u8.ToArray(), "audio/mpeg"),
        ("SQLite format 3"u8.ToArray(), "application/vnd.sqlite3"),
    ];

    /// <summary>True when what begins so may be a container, which may be larger than a document.</summary>
    public static bool MayHoldDocuments(ReadOnlySpan<byte> head) =>
        head.StartsWith("PK"u8) || IsTar(head) || (Magic(head) is { } type ? Array.IndexOf(Packed, type) >= 0 : HoldsRecordsOrMail(head[..Math.Min(Head, head.Length)]));

    // Of JSON the name may say that it is lines, and a first line may be longer than what is looked at.
    private static bool HoldsRecordsOrMail(ReadOnlySpan<byte> head) =>
        TextEncodings.LooksLikeText(head) && KindOfText(TextEncodings.DecodeHead(head), "") is Mail or Mailbox or JsonLines or MediaTypes.Json;

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
    /// <exception cref="DocumentException">It is one that is encrypted as a whole.</exception>
    public static string Detect(Stream content, string path)
    {
        var buffer = new byte[Head];
        content.Position = 0;
        var head = buffer.AsSpan(0, content.ReadAtLeast(buffer, Head, throwOnEndOfStream: false));

        if (Magic(head) is { } found) return found == MediaTypes.CompoundFile ? InsideCompoundFile(content) : found;
        if (head.StartsWith("RIFF"u8) && head.Length > 12 && head[8..12].SequenceEqual("WEBP"u8)) return "image/webp";
        if (head.Length > 12 && head[4..8].SequenceEqual("ftyp"u8)) return "video/mp4";
        // Before PDF is looked for: an archive may begin with one that it stores as it is.
        if (head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8)) return InsideZip(content, head);
        if (IsTar(head)) return Tar;
        var isText = TextEncodings.LooksLikeText(head);
        if (HasPdfHeader(head, isText)) return Pdf;
        if (!isText) return Unknown;
        return KindOfText(TextEncodings.DecodeHead(head), Path.GetExtension(path));
    }

    // A PDF may have some bytes before its header (ISO 32000, implementation notes: the first 1024). Inside a line of text it is only spoken of.
    private static bool HasPdfHeader(ReadOnlySpan<byte> head, bool isText)
    {
        var first = head[..Math.Min(1024, head.Length)];
        for (var start = 0; first[start..].IndexOf("%PDF-"u8) is var found and >= 0; start += found + 1)
            if (!isText || first[..(start + found)].TrimStart("\uFEFF"u8).TrimEnd(" \t"u8) is [] or [.., (byte)'\n' or (byte)'\r'])
                return true;
        return false;
    }

    private static string? Magic(ReadOnlySpan<byte> head)
    {
        foreach (var (magic, type) in Magics)
            if (head.StartsWith(magic))
                return type;
        return null;
    }

    private static string InsideCompoundFile(Stream content)
    {
        CompoundStorage root;
        try
        {
            root = Outlook.CompoundFile.Open(content).Root;
        }
        catch (DocumentException)
        {
            return InsideDamagedCompoundFile(content);
        }

        // A document of the present Office formats with a password ([MS-OFFCRYPTO] 2.3.4).
        if (root.Has("EncryptedPackage")) throw new DocumentException("The document is encrypted and no password is configured.", permanent: true);
        return Streams.FirstOrDefault(one => root.Has(one.Stream)).Type ?? MediaTypes.CompoundFile;
    }

    // In UTF-16 ([MS-CFB] 2.6): the beginning of the directory tells what a damaged one was, too.
    private static string InsideDamagedCompoundFile(Stream content)
    {
        var header = new byte[512];
        content.Position = 0;
        if (content.ReadAtLeast(header, 512, throwOnEndOfStream: false) < 512) return MediaTypes.CompoundFile;
        var sector = 1 << (header[30] == 12 ? 12 : 9);
        var directory = new byte[8192];
        var start = ((long)BitConverter.ToUInt32(header, 48) + 1) * sector;
        if (start > content.Length) return MediaTypes.CompoundFile;
        content.Position = start;
        var names = directory.AsSpan(0, content.ReadAtLeast(directory, directory.Length, throwOnEndOfStream: false));
        foreach (var (name, type) in Streams)
            if (names.IndexOf(Encoding.Unicode.GetBytes(name + '\0')) >= 0)
                return type;
        return MediaTypes.CompoundFile;
    }

    private static string InsideZip(Stream content, ReadOnlySpan<byte> head)
    {
        // OpenDocument and EPUB store their type uncompressed as the first entry, readable even when the rest is cut off.
        if (head.Length > 38 && head[30..].StartsWith("mimetype"u8))
        {
            var type = Encoding.ASCII.GetString(head[38..Math.Min(head.Length, 38 + 100)]);
            if (BeginningOf(type) is { } known) return known;
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
        if (JsonStart().IsMatch(start) || (start is ['[' or '{', ..] && Fits(MediaTypes.Json, extension))) return IsLines(start, extension) ? JsonLines : MediaTypes.Json;
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
