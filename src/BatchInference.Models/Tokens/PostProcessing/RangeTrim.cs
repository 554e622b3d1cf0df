using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens.PostProcessing;

/// <summary>Takes the blanks at the ends of tokens out of their ranges.</summary>
/// <param name="prefixed">Whether the single blank of the first token may be one that was put in, so that it stays.</param>
internal sealed class RangeTrim(bool prefixed)
{
    private static readonly char Space = ByteLetters.LetterOf((byte)' ');

    /// <summary>Trims the range of one token.</summary>
    /// <param name="token">Its text in the vocabulary.</param>
    /// <param name="first">Whether it is the first of its row.</param>
    /// <param name="range">Its range.</param>
    public TextRange Apply(ReadOnlySpan<char> token, bool first, TextRange range)
    {
        var (leading, trailing) = (0, 0);
        while (leading < token.Length && IsBlank(token[leading]))
            leading++;
        while (trailing < token.Length && IsBlank(token[^(trailing + 1)]))
            trailing++;
        if (leading == 1 && prefixed && (first || range.Start == 0))
            leading = 0;
        var start = Math.Min(range.Start + leading, range.End);
        var end = range.End >= trailing ? Math.Max(range.End - trailing, start) : range.End;
        return new TextRange(start, end - start);
    }

    private static bool IsBlank(char letter) => letter == Space || char.IsWhiteSpace(letter);
}
