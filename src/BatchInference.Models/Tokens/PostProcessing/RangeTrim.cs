using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens.PostProcessing;

/// <summary>Takes the blanks at the ends of tokens out of their ranges.</summary>
/// <param name="prefixed">Whether the single blank of the first token may be one that was put in, so that it stays.</param>
internal sealed class RangeTrim(bool prefixed)
{
    private static readonly char Space = ByteLetters.LetterOf((byte)' ');

    /// <summary>Trims the range of one token, by as many code points as it has blanks.</summary>
    /// <param name="token">Its text in the vocabulary.</param>
    /// <param name="first">Whether it is the first of its row.</param>
    /// <param name="range">Its range.</param>
    /// <param name="text">The text in which the range lies.</param>
    public TextRange Apply(ReadOnlySpan<char> token, bool first, TextRange range, ReadOnlySpan<char> text)
    {
        var (leading, trailing) = (0, 0);
        while (leading < token.Length && IsBlank(token[leading]))
            leading++;
        while (trailing < token.Length && IsBlank(token[^(trailing + 1)]))
            trailing++;
        if (leading == 1 && prefixed && (first || range.Start == 0))
            leading = 0;
        var (start, end) = (range.Start, range.End);
        for (; leading > 0 && start < end; leading--)
            start += AlignedText.SizeAt(text, start);
        for (; trailing > 0 && end > start; trailing--)
            end -= end > 1 && char.IsLowSurrogate(text[end - 1]) && char.IsHighSurrogate(text[end - 2]) ? 2 : 1;
        return new TextRange(start, end - start);
    }

    private static bool IsBlank(char letter) => letter == Space || char.IsWhiteSpace(letter);
}
