namespace BatchInference.Documents.Extraction;

/// <summary>Types of content by their registered names, with words for people. <see cref="MediaTypeDetection"/> finds them.</summary>
public static class MediaTypes
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

    /// <summary>A compound file that is none of the other types.</summary>
    public const string CompoundFile = "application/x-ole-storage";

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
        [CompoundFile] = ("document of the old Microsoft Office formats", [".doc", ".xls", ".ppt", ".msg"]),
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

    /// <summary>The words for a type: <c>PNG image</c>.</summary>
    public static string Name(string type) => Known.TryGetValue(type, out var known) ? known.Name : type;

    /// <summary>The same with its article: <c>a PNG image</c>.</summary>
    public static string Article(string type) => (Name(type)[0] is 'e' or 'o' or 'O' or 'E' or 'R' or 'S' && Name(type) is not ("sound recording" or "SQLite database") ? "an " : "a ") + Name(type);

    /// <summary>True when files of the type are usually named so.</summary>
    public static bool Fits(string type, string extension) => Known.TryGetValue(type, out var known) && known.Extensions.Contains(extension, StringComparer.OrdinalIgnoreCase);

    /// <summary>The longest type that a text begins with; null when it begins with none.</summary>
    internal static string? BeginningOf(string text) => Known.Keys.Where(known => text.StartsWith(known, StringComparison.Ordinal)).MaxBy(known => known.Length);
}
