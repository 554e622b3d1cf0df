using System.Globalization;
using System.Text;

namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>Tesseract's table (`tsv`) of one page: level, page, block, paragraph, line, word, left, top, width, height, confidence in percent, text. Level 5 is a word.</summary>
internal static class TesseractTable
{
    private const int Columns = 12;
    private const string Word = "5";

    /// <summary>Reads the table; rows that are none are passed over.</summary>
    public static OcrPage Read(string table)
    {
        var paragraphs = new List<List<Line>>();
        var (paragraph, row) = ("", "");
        var (sum, characters) = (0.0, 0L);
        foreach (var entry in table.Split('\n'))
        {
            var cells = entry.TrimEnd('\r').Split('\t', Columns);
            if (cells.Length < Columns || cells[0] != Word || string.IsNullOrWhiteSpace(cells[11])) continue;
            if (!Number(cells[6], out var left) || !Number(cells[8], out var width) || !Number(cells[10], out var confidence)) continue;
            if (paragraph != (paragraph = $"{cells[2]} {cells[3]}")) paragraphs.Add([]);
            if (row != (row = $"{paragraph} {cells[4]}")) paragraphs[^1].Add(new Line(left));
            var line = paragraphs[^1][^1];
            if (line.Text.Length > 0) line.Text.Append(' ');
            line.Text.Append(cells[11].Trim());
            line.Right = left + width;
            sum += Math.Clamp(confidence, 0, 100) * cells[11].Length;
            characters += cells[11].Length;
        }

        return new OcrPage([.. paragraphs.Select(Lines)], characters == 0 ? 0 : Math.Round(sum / characters / 100, 3));
    }

    private static OcrLine[] Lines(List<Line> lines)
    {
        var (left, right) = (lines.Min(line => line.Left), lines.Max(line => line.Right));
        return [.. lines.Select(line => new OcrLine(line.Text.ToString(), line.Right < right - (0.25 * (right - left))))];
    }

    private static bool Number(string cell, out double value) => double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    private sealed class Line(double left)
    {
        public double Left { get; } = left;

        public double Right { get; set; }

        public StringBuilder Text { get; } = new();
    }
}
