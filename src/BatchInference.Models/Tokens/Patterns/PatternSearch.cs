namespace BatchInference.Models.Tokens.Patterns;

/// <summary>The matches of a pattern in one text, one after the other; the time is that of reading the text, save for patterns made to be slow.</summary>
/// <param name="pattern">The pattern.</param>
/// <param name="text">The text, to its end.</param>
internal ref struct PatternSearch(TextPattern pattern, ReadOnlySpan<char> text)
{
    private readonly ReadOnlySpan<char> text = text;
    private PatternFailures failures;

    /// <summary>The first match at or behind a place; an empty stretch at the end of the text where there is none.</summary>
    public TextRange Next(int from)
    {
        for (var start = from; start < text.Length; start += AlignedText.SizeAt(text, start))
            if (pattern.End(text, start, ref failures) is >= 0 and var end)
                return new TextRange(start, end - start);
        return new TextRange(text.Length, 0);
    }
}
