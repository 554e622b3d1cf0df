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
        var writer = new Writer(work);
        var chars = work.Text.Chars;
        Span<byte> bytes = stackalloc byte[LongestGrapheme + 3];
        for (var at = 0; at < chars.Length;)
        {
            var size = Plain(chars, at) ? 1 : StringInfo.GetNextTextElementLength(chars[at..]);
            var grapheme = chars.Slice(at, size);
            if (size <= LongestGrapheme && Bytes(grapheme, bytes) is var length and <= LongestGrapheme && map.TryFind(bytes[..length], out var found))
                writer.Replace(CodePoints(grapheme), found);
            else
                Each(grapheme, bytes, ref writer);
            at += size;
        }

        work.TakeNext();
    }

    // An ASCII letter before another is a grapheme by itself: most of the text need not be looked at closely.
    private static bool Plain(ReadOnlySpan<char> chars, int at) => chars[at] is >= ' ' and < '\x7F' && (at + 1 == chars.Length || chars[at + 1] < '\x7F');

    private void Each(scoped ReadOnlySpan<char> grapheme, scoped Span<byte> bytes, ref Writer writer)
    {
        for (var at = 0; at < grapheme.Length;)
        {
            var size = AlignedText.SizeAt(grapheme, at);
            var part = grapheme.Slice(at, size);
            if (map.TryFind(bytes[..Encoding.UTF8.GetBytes(part, bytes)], out var found))
                writer.Replace(1, found);
            else
                writer.Keep(part);
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

    // The reference implementation's rule for origins: new characters take those of the old ones one by one; more new ones stand for the last old one;
    // old ones that have no new one are passed over, but not before the first character, where everything behind moves instead.
    private ref struct Writer(TextWork work)
    {
        private readonly AlignedText text = work.Text;
        private readonly AlignedText next = work.Next;
        private readonly char[] two = new char[2];
        private int source;
        private bool begun;

        public void Keep(scoped ReadOnlySpan<char> part) => next.Append(part, Take());

        public void Replace(int old, scoped ReadOnlySpan<byte> replacement)
        {
            var count = 0;
            for (; !replacement.IsEmpty; count++)
            {
                Rune.DecodeFromUtf8(replacement, out var rune, out var consumed);
                replacement = replacement[consumed..];
                var origin = count < old ? Take() : source == 0 ? default : text.Origins[source - 1];
                next.Append(two.AsSpan(0, rune.EncodeToUtf16(two)), origin);
                begun = true;
            }

            for (; count < old && begun; count++)
                Take();
        }

        private TextRange Take()
        {
            begun = true;
            if (source >= text.Length)
                return text.Origins[^1];
            var origin = text.Origins[source];
            source += AlignedText.SizeAt(text.Chars, source);
            return origin;
        }
    }
}
