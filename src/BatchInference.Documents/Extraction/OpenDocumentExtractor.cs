using System.Globalization;
using System.Xml;

namespace BatchInference.Documents.Extraction;

/// <summary>OpenDocument texts and presentations (ISO/IEC 26300), whose slides are pages: headings, paragraphs, lists, tables and notes in order; tracked deletions, comments and rulers of contents left out.</summary>
internal sealed class OpenDocumentExtractor : TextExtractor
{
    private const string TextNamespace = "urn:oasis:names:tc:opendocument:xmlns:text:1.0";
    private const string Table = "urn:oasis:names:tc:opendocument:xmlns:table:1.0";
    private const string Drawing = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0";
    private const string Office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0";

    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.OpenDocument, Extraction.MediaTypes.OpenPresentation];

    public override int Revision => 1;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        using var package = Open(content, Extraction.MediaTypes.Name(mediaType), limits);
        var text = new TextBuilder(limits);
        if (!package.Read("content.xml", reader => Walk(reader, text, cancellationToken)))
            throw new DocumentException($"The {Extraction.MediaTypes.Name(mediaType)} is damaged: its text part is missing.", permanent: true);
        return text.Build(mediaType).With(package.Metadata());
    }

    /// <exception cref="DocumentException">It is no whole ZIP, or encrypted.</exception>
    internal static OfficePackage Open(Stream content, string what, ExtractionLimits limits)
    {
        var package = OfficePackage.Open(content, what, limits);
        var encrypted = false;
        try
        {
            package.Read("META-INF/manifest.xml", reader =>
            {
                while (reader.Read()) encrypted |= reader.NodeType == XmlNodeType.Element && reader.LocalName == "encryption-data";
            });
            return encrypted ? throw new DocumentException($"The {what} is encrypted and no password is configured.", permanent: true) : package;
        }
        catch
        {
            package.Dispose();
            throw;
        }
    }

    private static void Walk(XmlReader reader, TextBuilder text, CancellationToken cancellationToken)
    {
        var cells = new Stack<int>();
        var (paragraphs, lists, slides, steps) = (0, 0, 0, 0);
        var inBody = false;
        var standing = reader.Read();
        while (standing)
        {
            if ((++steps & 1023) == 0) cancellationToken.ThrowIfCancellationRequested();
            if (reader.NodeType == XmlNodeType.Element)
            {
                if (IsLeftOut(reader))
                {
                    reader.Skip();
                    standing = !reader.EOF;
                    continue;
                }

                var (space, name, isEmpty) = (reader.NamespaceURI, reader.LocalName, reader.IsEmptyElement);
                inBody |= space == Office && name == "body";
                if (space == Drawing && name == "page") text.BeginPage(++slides);
                if (space == TextNamespace)
                {
                    if (name is "p" or "h" && !isEmpty) paragraphs++;
                    else if (name == "list-item" && cells.Count == 0) BeginItem(text, ++lists);
                    else if (name is "s" or "tab") text.Append(" ");
                    else if (name == "line-break") text.EndLine();
                    else if (name == "note-body") text.Append(" (");
                }
                else if (space == Table && name == "table-row" && !isEmpty)
                {
                    text.EndLine();
                    cells.Push(0);
                }
                else if (space == Table && name == "table-cell" && cells.Count > 0)
                {
                    var before = cells.Pop();
                    if (before > 0) text.Append(" | ");
                    cells.Push(before + 1);
                }
            }
            else if (reader.NodeType == XmlNodeType.EndElement)
            {
                var (space, name) = (reader.NamespaceURI, reader.LocalName);
                if (space == TextNamespace && name is ("p" or "h"))
                {
                    paragraphs = Math.Max(0, paragraphs - 1);
                    if (paragraphs == 0 && cells.Count == 0 && lists == 0) text.EndParagraph();
                    else text.Append(" ");
                }
                else if (space == TextNamespace && name == "list-item" && cells.Count == 0)
                {
                    lists = Math.Max(0, lists - 1);
                    text.EndLine();
                }
                else if (space == TextNamespace && name == "list" && lists == 0 && cells.Count == 0)
                {
                    text.EndParagraph();
                }
                else if (space == TextNamespace && name == "note-body")
                {
                    text.Append(")");
                }
                else if (space == Table && name == "table-row" && cells.Count > 0)
                {
                    cells.Pop();
                    text.EndLine();
                }
                else if (space == Table && name == "table" && cells.Count == 0)
                {
                    text.EndParagraph();
                }
            }
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace or XmlNodeType.Whitespace)
            {
                if (inBody && paragraphs > 0) text.Append(reader.Value);
            }

            standing = reader.Read();
        }
    }

    private static void BeginItem(TextBuilder text, int depth)
    {
        text.EndLine();
        text.Append(string.Create(CultureInfo.InvariantCulture, $"{new string('-', Math.Min(depth, 3))} "));
    }

    private static bool IsLeftOut(XmlReader reader) =>
        (reader.NamespaceURI == TextNamespace && reader.LocalName is ("tracked-changes" or "note-citation" or "table-of-content" or "alphabetical-index" or "hidden-text" or "hidden-paragraph"))
        || (reader.NamespaceURI == Office && reader.LocalName is ("annotation" or "automatic-styles" or "forms"));
}
