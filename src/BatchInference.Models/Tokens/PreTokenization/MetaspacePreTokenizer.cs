namespace BatchInference.Models.Tokens.PreTokenization;

internal enum PrependScheme
{
    Never,
    First,
    Always,
}

/// <summary>Writes spaces as a visible letter (▁), puts one before the text, and cuts before each.</summary>
/// <param name="replacement">The letter.</param>
/// <param name="scheme">Whether every piece gets one in front, or only the one that begins the original text.</param>
/// <param name="split">Whether to cut.</param>
internal sealed class MetaspacePreTokenizer(char replacement, PrependScheme scheme, bool split) : PreTokenizer
{
    public override void Apply(TextWork work)
    {
        var (text, next) = (work.Text, work.Next);
        foreach (var word in work.Words)
        {
            var start = next.Length;
            var first = text.Chars[word.Start];
            if (first != ' ' && first != replacement && Prepends(text.Origins[word.Start]))
                next.Append(replacement, text.Origins[word.Start]);
            next.Append(text, word.Start, word.Length);
            next.Letters[start..].Replace(' ', replacement);
            Cut(work, next.Chars, start);
        }

        work.TakeNext();
        work.TakeWords();
    }

    private bool Prepends(TextRange origin) => scheme == PrependScheme.Always || (scheme == PrependScheme.First && origin.Start == 0);

    private void Cut(TextWork work, ReadOnlySpan<char> chars, int start)
    {
        for (var at = start + 1; split && at < chars.Length; at++)
        {
            if (chars[at] != replacement)
                continue;
            work.AddWord(start, at);
            start = at;
        }

        work.AddWord(start, chars.Length);
    }
}
