namespace BatchInference.Models.Tokens.PreTokenization;

/// <summary>
/// Cuts before a visible space (▁) that follows another letter. Only for models whose tokens never go on across such a place: it changes no token, but makes words of a text that is
/// otherwise one, so that known words need not be put together anew.
/// </summary>
internal sealed class MetaspaceCutPreTokenizer : PreTokenizer
{
    public const char Space = '▁';

    public override void Apply(TextWork work)
    {
        var chars = work.Text.Chars;
        foreach (var word in work.Words)
        {
            var start = word.Start;
            for (var at = word.Start + 1; at < word.End; at++)
            {
                if (chars[at] != Space || chars[at - 1] == Space)
                    continue;
                work.AddWord(start, at);
                start = at;
            }

            work.AddWord(start, word.End);
        }

        work.TakeWords();
    }
}
