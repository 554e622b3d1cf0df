using System.Text;
using BatchInference.Models.Tokens.Normalization;

namespace BatchInference.Models.Tokens.PreTokenization;

/// <summary>Words are what stands between blanks and punctuation; each punctuation mark is a word.</summary>
internal sealed class BertPreTokenizer : PreTokenizer
{
    private const int Latin = 0x300;
    private static readonly bool[] Plain = [.. Enumerable.Range(0, Latin).Select(letter => !char.IsWhiteSpace((char)letter) && !OldCategories.IsPunctuation(letter))];

    public override void Apply(TextWork work)
    {
        var chars = work.Text.Chars;
        foreach (var word in work.Words)
        {
            var start = word.Start;
            for (var at = word.Start; at < word.End;)
            {
                if (chars[at] < Latin && Plain[chars[at]])
                {
                    at++;
                    continue;
                }

                Rune.DecodeFromUtf16(chars[at..word.End], out var rune, out var size);
                if (Rune.IsWhiteSpace(rune))
                {
                    work.AddWord(start, at);
                    start = at + size;
                }
                else if (OldCategories.IsPunctuation(rune.Value))
                {
                    work.AddWord(start, at);
                    work.AddWord(at, at + size);
                    start = at + size;
                }

                at += size;
            }

            work.AddWord(start, word.End);
        }

        work.TakeWords();
    }
}
