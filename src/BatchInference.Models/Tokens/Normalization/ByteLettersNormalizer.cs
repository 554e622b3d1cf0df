using System.Text;
using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens.Normalization;

/// <summary>Writes every byte of the text's UTF-8 as a visible letter.</summary>
internal sealed class ByteLettersNormalizer : Normalizer
{
    public override void Apply(TextWork work)
    {
        Append(work.Text, new TextRange(0, work.Text.Length), work.Next);
        work.TakeNext();
    }

    /// <summary>Adds the letters of a stretch of text to another; those of one code point all stand for it.</summary>
    public static void Append(AlignedText text, TextRange range, AlignedText into)
    {
        Span<byte> bytes = stackalloc byte[4];
        for (var at = range.Start; at < range.End;)
        {
            Rune.DecodeFromUtf16(text.Chars[at..], out var rune, out var size);
            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
                into.Append(ByteLetters.LetterOf(value), text.Origins[at]);
            at += size;
        }
    }
}
