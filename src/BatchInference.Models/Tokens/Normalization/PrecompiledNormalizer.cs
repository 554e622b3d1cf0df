using System.Globalization;
using System.Text;

namespace BatchInference.Models.Tokens.Normalization;

/// <summary>
/// SentencePiece's charsmap as Hugging Face applies it: a grapheme of fewer than 6 bytes is replaced whole, of which a key may cover only the beginning; else each code point for itself.
/// </summary>
internal sealed class PrecompiledNormalizer(CharsMap map) : Normalizer
{
    private const int LongestGrapheme = 5;

    public override void Apply(TextWork work)
    {
        var writer = new TextRewriter(work);
        var begun = false;
        var chars = work.Text.Chars;
        Span<byte> bytes = stackalloc byte[LongestGrapheme + 3];
        for (var at = 0; at < chars.Length;)
        {
            if (writer.Place == at && map.Kept(chars[at..]) is > 0 and var kept)
            {
                at += kept;
                writer.KeepUntil(at);
                begun = true;
                continue;
            }

            var size = StringInfo.GetNextTextElementLength(chars[at..]);
            var grapheme = chars.Slice(at, size);
            if (size <= LongestGrapheme && Bytes(grapheme, bytes) is var length and <= LongestGrapheme && map.TryFind(bytes[..length], out var found))
                Replace(ref writer, ref begun, CodePoints(grapheme), found);
            else
                Each(grapheme, bytes, ref writer, ref begun);
            at += size;
        }

        work.TakeNext();
    }

    private void Each(scoped ReadOnlySpan<char> grapheme, scoped Span<byte> bytes, ref TextRewriter writer, ref bool begun)
    {
        for (var at = 0; at < grapheme.Length;)
        {
            var size = AlignedText.SizeAt(grapheme, at);
            var part = grapheme.Slice(at, size);
            if (map.TryFind(bytes[..Encoding.UTF8.GetBytes(part, bytes)], out var found))
                Replace(ref writer, ref begun, 1, found);
            else
            {
                Rune.DecodeFromUtf16(part, out var rune, out _);
                writer.Replace(rune.Value);
                begun = true;
            }

            at += size;
        }
    }

    private static int Bytes(ReadOnlySpan<char> grapheme, Span<byte> bytes) =>
        Encoding.UTF8.TryGetBytes(grapheme, bytes, out var written) ? written : int.MaxValue;

    private static int CodePoints(ReadOnlySpan<char> text)
    {
        var count = 0;
        for (var at = 0; at < text.Length; at += AlignedText.SizeAt(text, at))
            count++;
        return count;
    }

    // New code points stand for the old ones one by one, more new ones for the last old one. A key that replaces nothing by nothing moves what follows only
    // before the first code point that is written.
    private static void Replace(ref TextRewriter writer, ref bool begun, int old, scoped ReadOnlySpan<byte> replacement)
    {
        var count = 0;
        for (; !replacement.IsEmpty; count++)
        {
            Rune.DecodeFromUtf8(replacement, out var rune, out var consumed);
            replacement = replacement[consumed..];
            if (count < old)
                writer.Replace(rune.Value);
            else
                writer.Insert(rune.Value);
            begun = true;
        }

        if (begun)
            writer.RemoveByLast(old - count);
    }
}
