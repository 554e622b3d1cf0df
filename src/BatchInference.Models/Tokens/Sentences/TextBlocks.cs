using System.Buffers;

namespace BatchInference.Models.Tokens.Sentences;

/// <summary>
/// Parts a text at its lines: a blank line, a list item, a heading, a table row or a line that was broken on purpose ends a block; a line that was only wrapped does not.
/// </summary>
/// <remarks>
/// Whether a line was wrapped is seen by its neighbours: it is nearly as long as the longest line of its paragraph. Where lines are as long as paragraphs, nothing is wrapped.
/// </remarks>
internal static class TextBlocks
{
    // No one wraps at more than this: longer lines are whole paragraphs.
    private const int WidestWrap = 200;

    private const int WidestListed = 60;

    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\f\v\u0085\u2028\u2029");

    /// <summary>The blocks in text order, each handed on with its lines joined only in meaning: the range still holds the line ends.</summary>
    public static void Each(string text, Action<TextRange> block)
    {
        var paragraph = new List<TextRange>();
        var at = 0;
        while (at < text.Length)
        {
            var length = text.AsSpan(at).IndexOfAny(LineEnds);
            var end = length < 0 ? text.Length : at + length;
            var line = Trim(text, at, end);
            if (line.Length > 0)
                paragraph.Add(line);
            else
                Part(text, paragraph, block);
            at = end + 1;
            if (end < text.Length && text[end] == '\r' && at < text.Length && text[at] == '\n')
                at++;
        }

        Part(text, paragraph, block);
    }

    private static void Part(string text, List<TextRange> lines, Action<TextRange> block)
    {
        if (lines.Count == 0)
            return;
        var width = 0;
        foreach (var line in lines)
            width = Math.Max(width, line.Length);
        var listed = IsListOfLines(text, lines, width);
        var start = lines[0].Start;
        for (var line = 1; line < lines.Count; line++)
        {
            if (!listed && !IsBroken(text, lines[line - 1], lines[line], width))
                continue;
            block(new TextRange(start, lines[line - 1].End - start));
            start = lines[line].Start;
        }

        block(new TextRange(start, lines[^1].End - start));
        lines.Clear();
    }

    // An address, a letterhead, a timetable: short lines that all begin anew, and no stop at the end.
    private static bool IsListOfLines(string text, List<TextRange> lines, int width)
    {
        if (width > WidestListed || text[lines[^1].End - 1] is '.' or '!' or '?' or '…')
            return false;
        foreach (var line in lines)
            if (!char.IsUpper(text[line.Start]) && !char.IsDigit(text[line.Start]))
                return false;
        return true;
    }

    private static bool IsBroken(string text, TextRange line, TextRange next, int width)
    {
        var before = line.Of(text);
        var after = next.Of(text);
        if (width > WidestWrap || IsItem(after) || IsRow(before) || IsRow(after) || before[0] == '#' || HasNoWord(before) || HasNoWord(after) || IsField(after))
            return true;
        if (char.IsLower(after[0]) || before[^1] is '-' or '\u00AD')
            return false;
        if (IsCapitals(before) && !IsCapitals(after))
            return true;

        if (char.IsDigit(before[0]) && char.IsDigit(after[0]))
            return true;

        // Would the next word have had ample room, then the line was ended on purpose.
        var word = after.IndexOfAny(" \t\u00A0");
        return (before.Length + 1 + (word < 0 ? after.Length : word)) * 4L < width * 3L;
    }

    // "- ", "• ", "1. ", "1) ", "(a) ", "II. ", "1.2 ", "# ", "§ 3"
    private static bool IsItem(ReadOnlySpan<char> line)
    {
        if (line[0] is '•' or '▪' or '◦' or '●' or '■' or '►' or '➢' or '✓' or '·' or '\uF0B7' or '#' or '§')
            return true;
        if (line.Length > 1 && line[0] is '-' or '–' or '—' or '*' or '+' or 'o' && IsBlank(line[1]))
            return true;
        var at = line[0] == '(' ? 1 : 0;
        var start = at;
        while (at < line.Length && at - start < 8 && (char.IsAsciiDigit(line[at]) || (line[at] == '.' && at > start && at + 1 < line.Length && char.IsAsciiDigit(line[at + 1]))))
            at++;
        if (at == start)
        {
            while (at < line.Length && at - start < 5 && line[at] is 'I' or 'V' or 'X' or 'i' or 'v' or 'x')
                at++;
            if (at == start && at < line.Length && char.IsAsciiLetter(line[at]))
                at++;
        }

        return at > start && at + 1 < line.Length && (line[at] == ')' || (line[at] is '.' or '°' && start == 0)) && IsBlank(line[at + 1]);
    }

    // "Objet : réunion", "From: the prefect"
    private static bool IsField(ReadOnlySpan<char> line)
    {
        var colon = line[..Math.Min(line.Length, 30)].IndexOf(':');
        if (colon < 2 || !char.IsUpper(line[0]) || (colon + 1 < line.Length && !IsBlank(line[colon + 1])))
            return false;
        var blanks = 0;
        foreach (var character in line[..colon].TrimEnd())
        {
            if (IsBlank(character))
                blanks++;
            else if (!char.IsLetter(character) && character is not ('\'' or '’' or '-' or '/' or '°'))
                return false;
        }

        return blanks <= 2;
    }

    private static bool IsRow(ReadOnlySpan<char> line) => line[0] == '|' || line.Contains('\t');

    private static bool HasNoWord(ReadOnlySpan<char> line)
    {
        foreach (var character in line)
            if (char.IsLetterOrDigit(character) || char.IsSurrogate(character))
                return false;
        return true;
    }

    private static bool IsCapitals(ReadOnlySpan<char> line)
    {
        var capitals = 0;
        foreach (var character in line)
        {
            if (char.IsLower(character))
                return false;
            if (char.IsUpper(character))
                capitals++;
        }

        return capitals > 1;
    }

    private static bool IsBlank(char character) => char.IsWhiteSpace(character);

    private static TextRange Trim(string text, int start, int end)
    {
        while (start < end && IsBlank(text[start]))
            start++;
        while (end > start && IsBlank(text[end - 1]))
            end--;
        return new TextRange(start, end - start);
    }
}
