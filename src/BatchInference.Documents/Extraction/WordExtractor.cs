using System.Xml;

namespace BatchInference.Documents.Extraction;

/// <summary>Word documents (Office Open XML, ECMA-376 part 1, WordprocessingML): body in order, then foot- and endnotes; deleted and hidden text left out.</summary>
internal sealed class WordExtractor : TextExtractor
{
    private const string Words = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    private const string Strict = "http://purl.oclc.org/ooxml/wordprocessingml/main";
    private const string Compatibility = "http://schemas.openxmlformats.org/markup-compatibility/2006";

    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Word];

    public override int Revision => 1;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        using var package = OfficePackage.Open(content, "Word document", limits);
        var text = new TextBuilder(limits);
        if (!package.Read("word/document.xml", reader => Walk(reader, text, cancellationToken)))
            throw new DocumentException("The Word document is damaged: its text part is missing.", permanent: true);
        foreach (var notes in (string[])["word/footnotes.xml", "word/endnotes.xml"])
        {
            text.EndParagraph();
            package.Read(notes, reader => Walk(reader, text, cancellationToken));
        }

        return text.Build(mediaType).With(package.Metadata());
    }

    // One pass over the elements, forwards; nothing is kept but the place in tables and runs.
    private static void Walk(XmlReader reader, TextBuilder text, CancellationToken cancellationToken)
    {
        var rows = new Stack<int>();
        var steps = 0;
        var (hiddenRun, inText) = (false, false);
        var standing = reader.Read();
        while (standing)
        {
            if ((++steps & 1023) == 0) cancellationToken.ThrowIfCancellationRequested();
            if (reader.NodeType == XmlNodeType.Element && IsLeftOut(reader))
            {
                // Skip moves to the node behind the element, which is looked at next.
                reader.Skip();
                standing = !reader.EOF;
                continue;
            }

            if (reader.NodeType == XmlNodeType.Element)
            {
                var isEmpty = reader.IsEmptyElement;
                Begin(reader, text, rows, ref hiddenRun);
                if (isEmpty) End(reader, text, rows, ref hiddenRun);
            }
            else if (reader.NodeType == XmlNodeType.EndElement)
            {
                End(reader, text, rows, ref hiddenRun);
            }
            else if (inText && !hiddenRun && reader.NodeType is (XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace or XmlNodeType.Whitespace))
            {
                text.Append(reader.Value);
            }

            inText = reader.NodeType == XmlNodeType.Element ? IsWord(reader) && reader.LocalName == "t" && !reader.IsEmptyElement : inText && reader.NodeType != XmlNodeType.EndElement;
            standing = reader.Read();
        }
    }

    private static bool IsLeftOut(XmlReader reader) =>
        (reader.NamespaceURI == Compatibility && reader.LocalName == "Fallback")
        || (IsWord(reader) && (reader.LocalName is "del" or "moveFrom" or "delText" or "instrText" or "sectPr"
            || (reader.LocalName is "footnote" or "endnote" && reader.GetAttribute("type", reader.NamespaceURI) is "separator" or "continuationSeparator" or "continuationNotice")));

    private static void Begin(XmlReader reader, TextBuilder text, Stack<int> rows, ref bool hiddenRun)
    {
        if (!IsWord(reader)) return;
        switch (reader.LocalName)
        {
            case "tr":
                rows.Push(0);
                text.EndLine();
                break;
            case "tc" when rows.Count > 0:
                var cells = rows.Pop();
                if (cells > 0) text.Append(" | ");
                rows.Push(cells + 1);
                break;
            case "numPr":
                text.Append("- ");
                break;
            case "r":
                hiddenRun = false;
                break;
            case "vanish":
                hiddenRun = reader.GetAttribute("val", reader.NamespaceURI) is not ("0" or "false" or "off");
                break;
            case "tab":
                text.Append(" ");
                break;
            case "noBreakHyphen":
                text.Append("-");
                break;
            case "br" or "cr":
                text.EndLine();
                break;
        }
    }

    private static void End(XmlReader reader, TextBuilder text, Stack<int> rows, ref bool hiddenRun)
    {
        if (!IsWord(reader)) return;
        switch (reader.LocalName)
        {
            case "p":
                // Paragraphs of a cell stay in its row.
                if (rows.Count == 0) text.EndParagraph();
                else text.Append(" ");
                break;
            case "tr" when rows.Count > 0:
                rows.Pop();
                text.EndLine();
                break;
            case "tbl":
                if (rows.Count == 0) text.EndParagraph();
                break;
            case "r":
                hiddenRun = false;
                break;
        }
    }

    private static bool IsWord(XmlReader reader) => reader.NamespaceURI is Words or Strict;
}
