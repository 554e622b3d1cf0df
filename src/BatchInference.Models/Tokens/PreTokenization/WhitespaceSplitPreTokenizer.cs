namespace BatchInference.Models.Tokens.PreTokenization;

/// <summary>Words are what stands between blanks; the blanks are dropped.</summary>
internal sealed class WhitespaceSplitPreTokenizer : PreTokenizer
{
    public override void Apply(TextWork work)
    {
        var chars = work.Text.Chars;
        foreach (var word in work.Words)
        {
            var start = word.Start;
            for (var at = word.Start; at < word.End; at++)
            {
                if (!char.IsWhiteSpace(chars[at]))
                    continue;
                work.AddWord(start, at);
                start = at + 1;
            }

            work.AddWord(start, word.End);
        }

        work.TakeWords();
    }
}
