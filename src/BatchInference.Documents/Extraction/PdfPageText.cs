using System.Text;
using UglyToad.PdfPig.Content;

namespace BatchInference.Documents.Extraction;

/// <summary>The words of one page, and their order as they are read.</summary>
/// <remarks>
/// Words are cut into regions by the widest empty strips of the page, recursively (XY cut: Nagy and Seth 1984), columns before lines where a strip runs the whole height of a region;
/// within a region lines follow from top to bottom, and a gap clearly wider than the region's usual line distance parts paragraphs.
/// </remarks>
internal sealed class PdfPageText
{
    private const int DeepestCut = 12;

    // Lines at its top and bottom that may stand on other pages too.
    private const int EdgeLines = 3;

    private readonly List<List<PdfWord>> lines;
    private List<List<List<PdfWord>>>? regions;
    private int top;
    private int bottom;

    public PdfPageText(Page page) => lines = Lines(PdfWords.Of(page.Letters));

    /// <summary>Leaves out the lines at its top and bottom that stand, but for numbers, at the same place of other pages.</summary>
    /// <param name="others">The pages around it.</param>
    /// <param name="least">On how many of them.</param>
    public void LeaveOutRunningLines(IReadOnlyCollection<PdfPageText> others, int least)
    {
        while (top < EdgeLines && top < lines.Count - 1 && others.Count(page => page.HasAtEdge(lines[top])) >= least) top++;
        while (bottom < EdgeLines && bottom < lines.Count - top - 1 && others.Count(page => page.HasAtEdge(lines[^(bottom + 1)])) >= least) bottom++;
    }

    /// <summary>Adds its text.</summary>
    /// <param name="next">The page behind it, whose first word may be the rest of its last.</param>
    /// <param name="text">The text.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <returns>True when its last word goes on.</returns>
    public bool Append(PdfPageText? next, TextBuilder text, CancellationToken cancellationToken)
    {
        var goesOn = false;
        var own = Regions();
        for (var index = 0; index < own.Count; index++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (IsTable(own[index])) AppendTable(own[index], text);
            else goesOn = AppendRegion(own[index], index + 1 < own.Count ? own[index + 1][0] : next?.Regions() is [var first, ..] ? first[0] : null, text);
        }

        return goesOn;
    }

    private List<List<List<PdfWord>>> Regions() => regions ??= lines.Count == 0 ? [] : [.. Regions([.. lines[top..^bottom].SelectMany(line => line)], 0).Select(Lines)];

    private bool HasAtEdge(List<PdfWord> line) => lines.Take(EdgeLines).Concat(lines.TakeLast(EdgeLines)).Any(other => Math.Abs(other[0].Middle - line[0].Middle) < 3 && IsSame(other, line));

    private static bool IsSame(List<PdfWord> left, List<PdfWord> right)
    {
        if (left.Count != right.Count) return false;
        for (var index = 0; index < left.Count; index++)
            if (left[index].Text != right[index].Text && !(left[index].Text.Any(char.IsAsciiDigit) && right[index].Text.Any(char.IsAsciiDigit) && WithoutDigits(left[index].Text) == WithoutDigits(right[index].Text)))
                return false;
        return true;
    }

    private static string WithoutDigits(string text) => string.Concat(text.Where(character => !char.IsAsciiDigit(character)));

    private static IEnumerable<List<PdfWord>> Regions(List<PdfWord> words, int depth)
    {
        if (depth >= DeepestCut || words.Count < 2) return [words];
        var height = Median(words.Select(word => word.Height));
        // What stands in rows of short cells is read row by row.
        if (IsTable(Lines(words))) return [words];
        // A gutter between columns is wider than the blanks of a line and has several lines on both sides.
        if (Cut(words, word => word.Left, word => word.Right, 1.2 * height) is { } columns && Lines(columns.Low).Count >= 3 && Lines(columns.High).Count >= 3)
            return [.. Regions(columns.Low, depth + 1), .. Regions(columns.High, depth + 1)];
        // A heading over columns hides their gutter; the widest gap between lines sets it apart.
        if (Cut(words, word => word.Bottom, word => word.Top, 0.8 * height) is { } blocks && (Columns(blocks.Low, height) || Columns(blocks.High, height)))
            return [.. Regions(blocks.High, depth + 1), .. Regions(blocks.Low, depth + 1)];
        return [words];
    }

    private static bool Columns(List<PdfWord> words, double height) =>
        words.Count >= 12 && (Cut(words, word => word.Left, word => word.Right, 1.2 * height) is { } cut
            ? Lines(cut.Low).Count >= 3 && Lines(cut.High).Count >= 3
            : Cut(words, word => word.Bottom, word => word.Top, 0.8 * height) is { } blocks && (Gutter(blocks.Low, height) || Gutter(blocks.High, height)));

    private static bool Gutter(List<PdfWord> words, double height) =>
        Cut(words, word => word.Left, word => word.Right, 1.2 * height) is { } cut && Lines(cut.Low).Count >= 3 && Lines(cut.High).Count >= 3;

    // The widest strip along one axis that no word touches.
    private static (List<PdfWord> Low, List<PdfWord> High)? Cut(List<PdfWord> words, Func<PdfWord, double> low, Func<PdfWord, double> high, double least)
    {
        var (best, at, reach) = (least, double.NaN, double.MinValue);
        foreach (var word in words.OrderBy(low))
        {
            if (reach > double.MinValue && low(word) - reach > best) (best, at) = (low(word) - reach, reach);
            reach = Math.Max(reach, high(word));
        }

        return double.IsNaN(at) ? null : (words.Where(word => high(word) <= at).ToList(), words.Where(word => high(word) > at).ToList());
    }

    private static List<List<PdfWord>> Lines(List<PdfWord> words)
    {
        var lines = new List<List<PdfWord>>();
        var sorted = words.ToArray();
        Array.Sort(sorted, static (one, other) => other.Middle.CompareTo(one.Middle) is not 0 and var higher ? higher : one.Left.CompareTo(other.Left));
        foreach (var word in sorted)
        {
            if (lines.Count > 0 && lines[^1] is var line && word.Middle > line[0].Middle - (0.5 * Math.Min(line[0].Height, word.Height)) && word.Middle > line[^1].Middle - (0.6 * word.Height)) line.Add(word);
            else lines.Add([word]);
        }

        foreach (var line in lines) line.Sort(static (left, right) => left.Left.CompareTo(right.Left));
        return lines;
    }

    // Three rows and more, of three cells each and few words in a cell: lines of columns are longer.
    private static bool IsTable(List<List<PdfWord>> lines)
    {
        if (lines.Count < 3) return false;
        var (cells, words, rows) = (0, 0, 0);
        foreach (var line in lines)
        {
            var inLine = Cells(line).Count;
            (cells, words, rows) = (cells + inLine, words + line.Count, rows + (inLine >= 3 ? 1 : 0));
        }

        return rows >= 3 && rows >= 0.6 * lines.Count && words < 3 * cells;
    }

    private static List<List<PdfWord>> Cells(List<PdfWord> line)
    {
        var cells = new List<List<PdfWord>> { new() { line[0] } };
        for (var index = 1; index < line.Count; index++)
        {
            // Blanks between words are about a third of the letters' height.
            if (line[index].Left - line[index - 1].Right > 0.9 * line[index].Height) cells.Add([line[index]]);
            else cells[^1].Add(line[index]);
        }

        return cells;
    }

    private static void AppendTable(List<List<PdfWord>> lines, TextBuilder text)
    {
        foreach (var line in lines)
        {
            text.Append(string.Join(" | ", Cells(line).Select(Joined)));
            text.EndLine();
        }

        text.EndParagraph();
    }

    private static bool AppendRegion(List<List<PdfWord>> lines, List<PdfWord>? following, TextBuilder text)
    {
        var distances = lines.Zip(lines.Skip(1), (upper, lower) => upper[0].Middle - lower[0].Middle).Where(distance => distance > 0).ToList();
        var usual = distances.Count > 0 ? Median(distances) : 0;
        var right = lines.Max(line => line[^1].Right);
        for (var index = 0; index < lines.Count; index++)
        {
            var line = Joined(lines[index]);
            var isLast = index + 1 == lines.Count;
            var next = isLast ? following : lines[index + 1];
            var isParagraph = next is null || Math.Abs(next[0].Height - lines[index][0].Height) > 0.25 * lines[index][0].Height || (!isLast && lines[index][0].Middle - next[0].Middle > 1.35 * usual);
            if (!isParagraph && line.Length > 2 && line[^1] is '-' or '\u2010' or '\u00AD' && char.IsLetter(line[^2]) && char.IsLower(next![0].Text[0]))
            {
                text.Append(line.AsSpan(0, line.Length - 1));
                if (isLast) return true;
                continue;
            }

            text.Append(line);
            // A column that ends within a word goes on in the next one; that it ends within a sentence does not show.
            if (isParagraph || isLast) text.EndParagraph();
            // A line that ends well before the margin was ended by its author.
            else if (lines[index][^1].Right < right - (0.25 * (right - lines[index][0].Left))) text.EndLine();
            else text.Append(" ");
        }

        return false;
    }

    private static string Joined(List<PdfWord> line)
    {
        var joined = new StringBuilder();
        foreach (var word in line)
        {
            if (joined.Length > 0) joined.Append(' ');
            foreach (var rune in word.Text.EnumerateRunes())
                joined.Append(rune.Value is >= 0xFB00 and <= 0xFB06 ? rune.ToString().Normalize(NormalizationForm.FormKC) : rune.ToString());
        }

        return joined.ToString();
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? 0 : sorted[sorted.Length / 2];
    }
}
