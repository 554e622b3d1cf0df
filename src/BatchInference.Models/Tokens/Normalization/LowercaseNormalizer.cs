using System.Text;

namespace BatchInference.Models.Tokens.Normalization;

/// <summary>Writes everything in small letters, whatever stands around them. Only İ becomes two code points.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    private const char CapitalDottedI = 'İ';

    public override void Apply(TextWork work)
    {
        if (work.Text.Chars.Contains(CapitalDottedI))
            PartDottedI(work);
        InPlace(work.Text.Letters);
    }

    /// <summary>Lowers all but İ.</summary>
    public static void InPlace(Span<char> letters)
    {
        for (var at = 0; at < letters.Length; at++)
        {
            var letter = letters[at];
            if (letter < '\x80')
                letters[at] = char.IsAsciiLetterUpper(letter) ? (char)(letter | 0x20) : letter;
            else if (!char.IsSurrogate(letter))
                letters[at] = char.ToLowerInvariant(letter);
            else if (Rune.DecodeFromUtf16(letters[at..], out var rune, out var size) == 0)
            {
                Rune.ToLowerInvariant(rune).EncodeToUtf16(letters[at..]);
                at += size - 1;
            }
        }
    }

    private static void PartDottedI(TextWork work)
    {
        var chars = work.Text.Chars;
        var writer = new TextRewriter(work);
        for (var at = chars.IndexOf(CapitalDottedI); at < chars.Length;)
        {
            writer.KeepUntil(at);
            writer.Replace('i');
            writer.Insert('\u0307');
            var next = chars[(at + 1)..].IndexOf(CapitalDottedI);
            at = next < 0 ? chars.Length : at + 1 + next;
        }

        writer.KeepUntil(chars.Length);
        work.TakeNext();
    }
}
