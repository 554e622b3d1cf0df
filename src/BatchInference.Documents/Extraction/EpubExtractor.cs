using System.Xml;

namespace BatchInference.Documents.Extraction;

/// <summary>EPUB books: the chapters in the order of the spine, each an HTML page.</summary>
internal sealed class EpubExtractor : TextExtractor
{
    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Epub];

    public override int Revision => 2;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        using var package = OfficePackage.Open(content, "EPUB book", limits);
        string? index = null;
        package.Read("META-INF/container.xml", reader =>
        {
            while (index is null && reader.Read())
                if (reader is { NodeType: XmlNodeType.Element, LocalName: "rootfile" }) index = reader.GetAttribute("full-path");
        });
        var (chapters, metadata) = index is null ? ([], []) : Index(package, index);
        if (chapters.Count == 0) throw new DocumentException("The EPUB book is damaged: its list of chapters is missing.", permanent: true);
        if (package.Holds("META-INF/encryption.xml") && package.Holds("META-INF/rights.xml")) throw new DocumentException("The EPUB book is locked by its publisher (DRM).", permanent: true);

        var text = new TextBuilder(limits);
        foreach (var chapter in chapters)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (package.Bytes(chapter) is { } page) HtmlExtractor.Append(HtmlExtractor.Decode(page), text, withTitle: false, cancellationToken);
            text.EndParagraph();
        }

        return text.Build(mediaType).With(metadata);
    }

    private static (List<string> Chapters, Dictionary<string, string> Metadata) Index(OfficePackage package, string index)
    {
        var folder = index[..(index.LastIndexOf('/') + 1)];
        var pages = new Dictionary<string, string>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var chapters = new List<string>();
        package.Read(index, reader =>
        {
            var name = "";
            while (reader.Read())
            {
                if (reader.IsText() && name is "title" or "creator" or "date" && reader.IsText()) metadata.TryAdd(name == "creator" ? "author" : name == "date" ? "created" : name, reader.Value.Trim());
                if (reader.NodeType is XmlNodeType.Element or XmlNodeType.EndElement) name = reader.NodeType == XmlNodeType.Element ? reader.LocalName : "";
                if (reader is { NodeType: XmlNodeType.Element, LocalName: "item" } && reader.GetAttribute("properties")?.Contains("nav", StringComparison.Ordinal) != true && reader.GetAttribute("id") is { } id && reader.GetAttribute("href") is { } page)
                    pages[id] = OfficePackage.Resolve(folder, Uri.UnescapeDataString(page));
                else if (reader is { NodeType: XmlNodeType.Element, LocalName: "itemref" } && reader.GetAttribute("idref") is { } chapter && reader.GetAttribute("linear") != "no" && pages.TryGetValue(chapter, out var part))
                    chapters.Add(part);
            }
        });
        return (chapters, metadata);
    }
}
