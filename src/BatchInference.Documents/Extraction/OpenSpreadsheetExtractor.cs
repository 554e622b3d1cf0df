using System.Globalization;
using System.Xml;

namespace BatchInference.Documents.Extraction;

/// <summary>OpenDocument spreadsheets (ISO/IEC 26300): the sheets in their order, a row a line, cells as they are shown, dates as dates.</summary>
internal sealed class OpenSpreadsheetExtractor : TextExtractor
{
    private const string Table = "urn:oasis:names:tc:opendocument:xmlns:table:1.0";
    private const string Office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0";
    private const string Text = "urn:oasis:names:tc:opendocument:xmlns:text:1.0";

    // Empty cells fill sheets to their edge; what is said is never so wide.
    private const int MostRepeated = 1000;

    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.OpenSpreadsheet];

    public override int Revision => 1;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        using var package = OpenDocumentExtractor.Open(content, "OpenDocument spreadsheet", limits);
        var text = new TextBuilder(limits);
        var sheet = new SheetBuilder(text);
        if (!package.Read("content.xml", reader => Walk(reader, sheet, cancellationToken)))
            throw new DocumentException("The OpenDocument spreadsheet is damaged: its text part is missing.", permanent: true);
        return text.Build(mediaType).With(package.Metadata());
    }

    private static void Walk(XmlReader reader, SheetBuilder sheet, CancellationToken cancellationToken)
    {
        var (value, date, repeated, inCell) = ("", (string?)null, 1, false);
        XmlText.Walk(reader, IsLeftOut, node =>
        {
            var ends = node.NodeType == XmlNodeType.EndElement || node is { NodeType: XmlNodeType.Element, IsEmptyElement: true };
            if (node is { NodeType: XmlNodeType.Element, NamespaceURI: Table, LocalName: "table" }) sheet.BeginSheet(node.GetAttribute("name", Table));
            if (node is { NodeType: XmlNodeType.Element, NamespaceURI: Table, LocalName: "table-cell" or "covered-table-cell" })
            {
                (value, date, inCell) = ("", node.GetAttribute("date-value", Office), !node.IsEmptyElement);
                repeated = int.TryParse(node.GetAttribute("number-columns-repeated", Table), CultureInfo.InvariantCulture, out var times) ? Math.Clamp(times, 1, MostRepeated) : 1;
            }

            if (inCell && node.IsText()) value += node.Value;
            else if (inCell && node is { NodeType: XmlNodeType.Element, NamespaceURI: Text, LocalName: "s" or "tab" or "line-break" }) value += " ";
            else if (inCell && node is { NodeType: XmlNodeType.EndElement, NamespaceURI: Text, LocalName: "p" }) value += " ";
            if (!ends || node.NamespaceURI != Table) return;
            if (node.LocalName is "table-cell" or "covered-table-cell")
            {
                inCell = false;
                for (; repeated > 0; repeated--) sheet.Cell(date is null ? value.AsSpan().Trim() : date.Replace("T00:00:00", "", StringComparison.Ordinal));
            }
            else if (node.LocalName == "table-row")
            {
                sheet.EndRow();
            }
        }, cancellationToken);
    }

    private static bool IsLeftOut(XmlReader reader) => reader.LocalName is "annotation" or "tracked-changes" or "shapes" or "automatic-styles" or "named-expressions";
}
