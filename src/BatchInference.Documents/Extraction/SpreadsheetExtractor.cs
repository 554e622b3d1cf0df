using System.Globalization;
using System.Xml;

namespace BatchInference.Documents.Extraction;

/// <summary>Excel workbooks (Office Open XML, SpreadsheetML): the sheets in their order, a row a line, dates as dates.</summary>
internal sealed class SpreadsheetExtractor : TextExtractor
{
    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Spreadsheet];

    public override int Revision => 1;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        using var package = OfficePackage.Open(content, "Excel workbook", limits);
        var shared = SharedStrings(package, limits, cancellationToken);
        var dates = DateStyles(package);
        var parts = package.Relations("xl/workbook.xml");
        var sheets = new List<(string Name, string Part)>();
        if (!package.Read("xl/workbook.xml", reader =>
        {
            while (reader.Read())
                if (reader is { NodeType: XmlNodeType.Element, LocalName: "sheet" } && reader.GetAttribute("state") is null or "visible" && reader.GetAttribute("name") is { } name && RelationOf(reader) is { } id && parts.TryGetValue(id, out var part))
                    sheets.Add((name, part));
        })) throw new DocumentException("The Excel workbook is damaged: its list of sheets is missing.", permanent: true);

        var text = new TextBuilder(limits);
        var sheet = new SheetBuilder(text);
        foreach (var (name, part) in sheets)
        {
            sheet.BeginSheet(name);
            package.Read(part, reader => Walk(reader, sheet, shared, dates, cancellationToken));
        }

        return text.Build(mediaType).With(package.Metadata());
    }

    private static void Walk(XmlReader reader, SheetBuilder sheet, List<string> shared, HashSet<int> dates, CancellationToken cancellationToken)
    {
        var (type, style, value, column, inValue, next) = ("n", 0, "", 0, false, 0);
        XmlText.Walk(reader, node => node.LocalName is "rPh" or "f" or "extLst", node =>
        {
            switch (node.NodeType)
            {
                case XmlNodeType.Element when node.LocalName == "c":
                    (type, value) = (node.GetAttribute("t") ?? "n", "");
                    style = int.TryParse(node.GetAttribute("s"), CultureInfo.InvariantCulture, out var number) ? number : 0;
                    column = Column(node.GetAttribute("r")) ?? next;
                    for (; next < Math.Min(column, next + 1000); next++) sheet.Cell("");
                    if (node.IsEmptyElement) next++;
                    break;
                case XmlNodeType.Element when node.LocalName is "v" or "t":
                    inValue = !node.IsEmptyElement;
                    break;
                case XmlNodeType.EndElement when node.LocalName is "v" or "t":
                    inValue = false;
                    break;
                case XmlNodeType.EndElement when node.LocalName == "c":
                    sheet.Cell(Shown(type, value, dates.Contains(style), shared));
                    next = column + 1;
                    break;
                case XmlNodeType.EndElement when node.LocalName == "row":
                    sheet.EndRow();
                    next = 0;
                    break;
                default:
                    if (inValue && node.IsText()) value += node.Value;
                    break;
            }
        }, cancellationToken);
    }

    private static string Shown(string type, string value, bool isDate, List<string> shared) => type switch
    {
        "s" => int.TryParse(value, CultureInfo.InvariantCulture, out var index) && index >= 0 && index < shared.Count ? shared[index] : "",
        "b" => value == "1" ? "true" : "false",
        "n" when double.TryParse(value, CultureInfo.InvariantCulture, out var number) => isDate && number is >= 1 and < 2_958_466 ? Date(number) : number.ToString("0.##########", CultureInfo.InvariantCulture),
        _ => value,
    };

    private static string Date(double days)
    {
        var date = DateTime.FromOADate(days);
        return date.ToString(date.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
    }

    private static int? Column(string? reference)
    {
        var column = 0;
        foreach (var letter in reference ?? "")
            if (!char.IsAsciiLetterUpper(letter) || column > 20_000) break;
            else column = (column * 26) + letter - 'A' + 1;
        return column == 0 ? null : column - 1;
    }

    private static List<string> SharedStrings(OfficePackage package, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        var strings = new List<string>();
        package.Read("xl/sharedStrings.xml", reader =>
        {
            var (one, inText, all) = (new System.Text.StringBuilder(), false, 0L);
            XmlText.Walk(reader, node => node.LocalName == "rPh", node =>
            {
                if (node is { NodeType: XmlNodeType.Element, LocalName: "t" }) inText = !node.IsEmptyElement;
                else if (node is { NodeType: XmlNodeType.EndElement, LocalName: "t" }) inText = false;
                else if (inText && node.IsText()) one.Append(node.Value);
                if (node is { LocalName: "si" } && (node.NodeType == XmlNodeType.EndElement || node.IsEmptyElement))
                {
                    if ((all += one.Length) > limits.Characters) throw TextBuilder.TooLong(limits);
                    strings.Add(one.ToString());
                    one.Clear();
                }
            }, cancellationToken);
        });
        return strings;
    }

    // Cell styles whose number format shows a date (ECMA-376 part 1, 18.8.30).
    private static HashSet<int> DateStyles(OfficePackage package)
    {
        var formats = new HashSet<int> { 14, 15, 16, 17, 22, 27, 30, 36, 50, 57 };
        var styles = new HashSet<int>();
        package.Read("xl/styles.xml", reader =>
        {
            var (inCells, index) = (false, 0);
            while (reader.Read())
            {
                if (reader.LocalName == "cellXfs") inCells = reader.NodeType == XmlNodeType.Element;
                if (reader.NodeType != XmlNodeType.Element) continue;
                if (reader.LocalName == "numFmt" && int.TryParse(reader.GetAttribute("numFmtId"), CultureInfo.InvariantCulture, out var id) && IsDate(reader.GetAttribute("formatCode") ?? "")) formats.Add(id);
                else if (inCells && reader.LocalName == "xf" && int.TryParse(reader.GetAttribute("numFmtId"), CultureInfo.InvariantCulture, out var format) && index++ >= 0 && formats.Contains(format)) styles.Add(index - 1);
            }
        });
        return styles;
    }

    private static bool IsDate(string format)
    {
        var (quoted, bracketed) = (false, false);
        foreach (var character in format)
        {
            if (character == '"') quoted = !quoted;
            else if (character is '[' or ']') bracketed = character == '[';
            else if (!quoted && !bracketed && character is 'y' or 'Y' or 'd' or 'D') return true;
        }

        return false;
    }

    private static string? RelationOf(XmlReader reader) =>
        reader.GetAttribute("id", "http://schemas.openxmlformats.org/officeDocument/2006/relationships") ?? reader.GetAttribute("id", "http://purl.oclc.org/ooxml/officeDocument/relationships");
}
