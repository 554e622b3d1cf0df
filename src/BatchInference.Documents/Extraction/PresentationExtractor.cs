using System.Xml;

namespace BatchInference.Documents.Extraction;

/// <summary>PowerPoint presentations (Office Open XML, PresentationML): the slides in their order as pages, each with its notes.</summary>
internal sealed class PresentationExtractor : TextExtractor
{
    private const string Relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    private const string StrictRelations = "http://purl.oclc.org/ooxml/officeDocument/relationships";

    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Presentation];

    public override int Revision => 1;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        using var package = OfficePackage.Open(content, "PowerPoint presentation", limits);
        var parts = package.Relations("ppt/presentation.xml");
        var slides = new List<string>();
        if (!package.Read("ppt/presentation.xml", reader =>
        {
            while (reader.Read())
                if (reader is { NodeType: XmlNodeType.Element, LocalName: "sldId" } && (reader.GetAttribute("id", Relations) ?? reader.GetAttribute("id", StrictRelations)) is { } id && parts.TryGetValue(id, out var part))
                    slides.Add(part);
        })) throw new DocumentException("The PowerPoint presentation is damaged: its list of slides is missing.", permanent: true);

        var text = new TextBuilder(limits);
        for (var number = 0; number < slides.Count; number++)
        {
            text.BeginPage(number + 1);
            package.Read(slides[number], reader => Walk(reader, text, cancellationToken));
            foreach (var notes in package.Relations(slides[number]).Values.Where(part => part.StartsWith("ppt/notesSlides/", StringComparison.Ordinal)))
            {
                text.EndParagraph();
                package.Read(notes, reader => Walk(reader, text, cancellationToken));
            }
        }

        return text.Build(mediaType).With(package.Metadata());
    }

    private static void Walk(XmlReader reader, TextBuilder text, CancellationToken cancellationToken)
    {
        var (cells, inTable, inText) = (0, false, false);
        XmlText.Walk(reader, IsLeftOut, node =>
        {
            if (node.NodeType == XmlNodeType.Element)
            {
                inText = node.LocalName == "t" && !node.IsEmptyElement;
                if (node.LocalName == "br") text.EndLine();
                else if (node.LocalName == "tbl") inTable = true;
                else if (node.LocalName == "tr") cells = 0;
                else if (node.LocalName == "tc" && cells++ > 0) text.Append(" | ");
            }
            else if (node.NodeType == XmlNodeType.EndElement)
            {
                inText = false;
                if (node.LocalName == "tr") text.EndLine();
                else if (node.LocalName == "p" && inTable) text.Append(" ");
                else if (node.LocalName == "p") text.EndLine();
                else if (node.LocalName is "sp" or "tbl") text.EndParagraph();
                if (node.LocalName == "tbl") inTable = false;
            }
            else if (inText && node.IsText())
            {
                text.Append(node.Value);
            }
        }, cancellationToken);
    }

    // Fields (numbers of slides, dates) are what the program writes, not the author.
    private static bool IsLeftOut(XmlReader reader) => reader.LocalName is "fld" or "Fallback" or "extLst";
}
