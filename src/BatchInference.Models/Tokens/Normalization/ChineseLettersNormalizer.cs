using System.Text;

namespace BatchInference.Models.Tokens.Normalization;

/// <summary>Puts blanks round every ideograph, so that each becomes a word.</summary>
internal sealed class ChineseLettersNormalizer : Normalizer
{
    public override void Apply(TextWork work)
    {
        var chars = work.Text.Chars;
        if (chars.IndexOfAnyInRange('\u3400', '\uFFFF') < 0)
            return;
        var writer = new TextRewriter(work);
        for (var at = 0; at < chars.Length;)
        {
            Rune.DecodeFromUtf16(chars[at..], out var rune, out var size);
            if (IsIdeograph(rune.Value))
            {
                writer.KeepUntil(at);
                writer.Replace(' ');
                writer.Insert(rune.Value);
                writer.Insert(' ');
            }

            at += size;
        }

        writer.KeepUntil(chars.Length);
        work.TakeNext();
    }

    // The blocks that BERT's own code names, with its error in the sixth (U+2B920 for U+2B820).
    private static bool IsIdeograph(int rune) => rune is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
