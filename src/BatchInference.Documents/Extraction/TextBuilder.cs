using System.Globalization;
using System.Text;

namespace BatchInference.Documents.Extraction;

/// <summary>
/// Puts a text together in the form that <see cref="ExtractedText"/> promises: white space folded, paragraphs parted by a blank line, lines by <c>\n</c>,
/// no control characters, no lone surrogates, no trailing blanks; pages as ranges of the outcome.
/// </summary>
/// <param name="limits">Stops endless texts.</param>
internal sealed class TextBuilder(ExtractionLimits limits)
{
    private readonly StringBuilder text = new();
    private readonly List<TextPage> pages = [];
    private int pageNumber;
    private int pageStart;

    // What stands between the last character and the next one: nothing, a blank, a line end, a blank line.
    private Gap gap;

    private enum Gap
    {
        None,
        Blank,
        Line,
        Paragraph,
    }

    /// <summary>Characters until now.</summary>
    public int Length => text.Length;

    /// <summary>Adds running text; a run of white space, line ends too, counts as one blank.</summary>
    /// <exception cref="DocumentException">The text is longer than the limit.</exception>
    public void Append(ReadOnlySpan<char> running)
    {
        for (var index = 0; index < running.Length; index++)
        {
            var character = running[index];
            if (char.IsWhiteSpace(character) && character is not '\u0085')
            {
                // Non-breaking blanks are blanks: a sentence reads the same.
                Widen(Gap.Blank);
            }
            else if (char.IsHighSurrogate(character) && index + 1 < running.Length && char.IsLowSurrogate(running[index + 1]))
            {
                Add(running.Slice(index++, 2));
            }
            else if (!char.IsControl(character) && !char.IsSurrogate(character) && character is not ('\u00AD' or '\u200B' or '\uFEFF' or '\uFFFE' or '\uFFFF'))
            {
                Add(running.Slice(index, 1));
            }
        }
    }

    /// <summary>Adds text whose blank lines count, and whose line ends do where they were not made by a program that wraps at some width.</summary>
    public void AppendLines(ReadOnlySpan<char> lines)
    {
        var before = ReadOnlySpan<char>.Empty;
        foreach (var line in lines.EnumerateLines())
        {
            if (line.IsWhiteSpace()) EndParagraph();
            else if (!IsWrapped(before, line)) EndLine();
            else Widen(Gap.Blank);
            Append(line);
            before = line.TrimEnd();
        }

        EndLine();
    }

    /// <summary>Adds text that a builder made, as it is.</summary>
    public void AppendBuilt(ReadOnlySpan<char> built)
    {
        foreach (var line in built.EnumerateLines())
        {
            if (line.IsEmpty) EndParagraph();
            Append(line);
            EndLine();
        }
    }

    // A line of usual width that the next one goes on with: neither is a verse, a row of a table, an item of a list, a quoted line of a mail.
    private static bool IsWrapped(ReadOnlySpan<char> line, ReadOnlySpan<char> next) =>
        line.Length is >= 45 and <= 100
        && next.Length <= 100
        && !IsMark(line) && !IsMark(next)
        && !char.IsWhiteSpace(next[0])
        && line.Length + 1 + FirstWord(next) > 60;

    private static int FirstWord(ReadOnlySpan<char> line) => line.IndexOf(' ') is > 0 and var end ? end : line.Length;

    private static bool IsMark(ReadOnlySpan<char> line) => line[0] is '-' or '*' or '+' or '•' or '–' or '—' or '|' or '#' or '>' or '=' or '@' || line.IndexOfAny('|', '\t') >= 0 || (char.IsAsciiDigit(line[0]) && line.IndexOfAny('.', ')') is > 0 and < 4);

    /// <summary>The next text begins on a line of its own.</summary>
    public void EndLine() => Widen(Gap.Line);

    /// <summary>The next text begins a paragraph.</summary>
    public void EndParagraph() => Widen(Gap.Paragraph);

    /// <summary>What follows stands on this page, counted from 1.</summary>
    /// <param name="number">The page.</param>
    /// <param name="goesOn">True when the word before goes on there.</param>
    /// <exception cref="DocumentException">There are more pages than the limit.</exception>
    public void BeginPage(int number, bool goesOn = false)
    {
        if (number > limits.Pages)
            throw new DocumentException(string.Create(CultureInfo.InvariantCulture, $"The document has more than {limits.Pages} pages, the limit of the configuration (Limits:Pages)."), permanent: true);
        EndPage();
        if (!goesOn) EndParagraph();
        (pageNumber, pageStart) = (number, -1);
    }

    /// <summary>The text as it is now.</summary>
    public ExtractedText Build(string mediaType)
    {
        EndPage();
        return new ExtractedText(text.ToString(), mediaType) { Pages = [.. pages] };
    }

    private void EndPage()
    {
        if (pageNumber == 0) return;
        var start = pageStart < 0 ? text.Length : pageStart;
        pages.Add(new TextPage(pageNumber, start, text.Length - start));
        pageNumber = 0;
    }

    private void Widen(Gap wider)
    {
        if (text.Length > 0 && wider > gap) gap = wider;
    }

    private void Add(ReadOnlySpan<char> visible)
    {
        text.Append(gap switch { Gap.None => "", Gap.Blank => " ", Gap.Line => "\n", _ => "\n\n" });
        gap = Gap.None;
        if (pageNumber > 0 && pageStart < 0) pageStart = text.Length;
        text.Append(visible);
        if (text.Length > limits.Characters)
            throw TooLong(limits);
    }

    /// <summary>The text is longer than the limit.</summary>
    public static DocumentException TooLong(ExtractionLimits limits) =>
        new(string.Create(CultureInfo.InvariantCulture, $"The text is longer than {limits.Characters} characters, the limit of the configuration (Limits:Characters)."), permanent: true);
}
