using BatchInference.Models.Tokens.Normalization;

namespace BatchInference.Models.Tokens.PreTokenization;

/// <summary>The words of byte-level models.</summary>
/// <param name="prefix">Whether a word that does not begin with a space gets one in front.</param>
/// <param name="split">What cuts the words further; null for nothing.</param>
/// <param name="writesBytes">Whether bytes are written as letters; not needed where the model reads them itself.</param>
internal sealed class ByteLevelPreTokenizer(bool prefix, SplitPreTokenizer? split, bool writesBytes) : PreTokenizer
{
    /// <summary>How GPT-2 cuts text: contractions, words, numbers, other characters, each with the space before it.</summary>
    public const string Words = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public override void Apply(TextWork work)
    {
        if (prefix)
            Prefix(work);
        split?.Apply(work);
        if (writesBytes)
            WriteBytes(work);
    }

    private static void Prefix(TextWork work)
    {
        var (text, next) = (work.Text, work.Next);
        foreach (var word in work.Words)
        {
            var start = next.Length;
            if (text.Chars[word.Start] != ' ')
                next.Append(' ', text.Origins[word.Start]);
            next.Append(text, word.Start, word.Length);
            work.AddWord(start, next.Length);
        }

        work.TakeNext();
        work.TakeWords();
    }

    private static void WriteBytes(TextWork work)
    {
        foreach (var word in work.Words)
        {
            var start = work.Next.Length;
            ByteLettersNormalizer.Append(work.Text, word, work.Next);
            work.AddWord(start, work.Next.Length);
        }

        work.TakeNext();
        work.TakeWords();
    }
}
