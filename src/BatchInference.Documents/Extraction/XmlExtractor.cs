using System.Xml;

namespace BatchInference.Documents.Extraction;

/// <summary>The text of any XML: blocks become lines. Of TEI the <c>text</c> without its header, of Akoma Ntoso everything but the <c>meta</c>.</summary>
internal sealed class XmlExtractor : TextExtractor
{
    // Elements of TEI, Akoma Ntoso, DocBook and XHTML that stand inside a line.
    private static readonly HashSet<string> Inline = new(StringComparer.Ordinal)
    {
        "a", "abbr", "add", "affectedDocument", "author", "b", "choice", "code", "concept", "corr", "date", "def", "del", "docDate", "docNumber", "docProponent", "docTitle", "docType", "em", "emph", "emphasis", "entity", "expan", "foreign", "gap", "hi",
        "i", "inline", "ins", "legislature", "link", "location", "measure", "mod", "name", "num", "orgName", "organization", "orig", "outcome", "person", "persName", "placeName", "q", "quantity", "quote", "ref", "reg", "role", "rref", "rs", "s", "seg", "session", "sic",
        "small", "soCalled", "span", "strong", "sub", "sup", "supplied", "term", "time", "title", "u", "unclear", "w",
    };

    private static readonly HashSet<string> Paragraphs = new(StringComparer.Ordinal) { "p", "div", "head", "para", "section", "article", "paragraph", "chapter", "heading", "list", "table", "lg", "ab", "sp" };

    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Xml];

    public override int Revision => 1;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        try
        {
            // A declaration of the type is common and harmless; its entities stay undefined, and using one ends the reading.
            using var reader = XmlReader.Create(content, XmlText.Settings(limits.Bytes, DtdProcessing.Ignore));
            var text = new TextBuilder(limits);
            XmlText.Walk(reader, IsHeader, node => Visit(node, text), cancellationToken);
            return text.Build(mediaType);
        }
        catch (XmlException error)
        {
            throw new DocumentException(error.Message.Contains("undeclared entity", StringComparison.Ordinal)
                ? "The XML file is refused: it uses entities of its own, which are not unfolded."
                : $"The XML file is damaged: {FailureReasons.OneLine(error.Message)}", permanent: true, error);
        }
    }

    private static bool IsHeader(XmlReader reader) => reader.LocalName is "teiHeader" or "meta" && reader.Depth <= 2;

    private static void Visit(XmlReader reader, TextBuilder text)
    {
        if (reader.IsText()) text.Append(reader.Value);
        else if (reader.NodeType == XmlNodeType.Element && reader.LocalName is "cell" or "entry" or "td" && reader.NodeType == XmlNodeType.Element) text.Append(" | ");
        else if (reader.NodeType is XmlNodeType.Element or XmlNodeType.EndElement) Border(reader.LocalName, text);
    }

    private static void Border(string name, TextBuilder text)
    {
        if (Inline.Contains(name) || name is "cell" or "entry" or "td") return;
        if (Paragraphs.Contains(name)) text.EndParagraph();
        else text.EndLine();
    }
}
