using System.Text;

namespace BatchInference.Models.Tokens.Normalization;

/// <summary>Leaves code points out and puts a blank for others.</summary>
internal abstract class FilterNormalizer : Normalizer
{
    private protected const int Removed = -1;
    private const int Latin = 0x300;
    private bool[]? keeps;

    public override void Apply(TextWork work)
    {
        var text = work.Text;
        var chars = text.Chars;
        var kept = 0;
        keeps ??= [.. Enumerable.Range(0, Latin).Select(letter => Map(letter) == letter)];
        for (var at = 0; at < chars.Length;)
        {
            if (chars[at] < Latin && keeps[chars[at]])
            {
                at++;
                continue;
            }

            Rune.DecodeFromUtf16(chars[at..], out var rune, out var size);
            var mapped = Map(rune.Value);
            if (mapped != rune.Value)
            {
                work.Next.Append(text, kept, at - kept);
                if (mapped != Removed)
                    work.Next.Append((char)mapped, text.Origins[at]);
                kept = at + size;
            }

            at += size;
        }

        if (kept == 0)
            return;
        work.Next.Append(text, kept, chars.Length - kept);
        work.TakeNext();
    }

    /// <summary>The code point itself, <see cref="Removed"/>, or another one of a single unit.</summary>
    private protected abstract int Map(int rune);
}
