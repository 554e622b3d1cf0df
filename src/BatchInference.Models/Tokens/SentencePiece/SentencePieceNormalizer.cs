using System.Text;
using BatchInference.Models.Tokens.Normalization;
using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens.SentencePiece;

/// <summary>SentencePiece's own normaliser: the longest key of the charsmap at each place, blanks joined, spaces written as ▁, one of them put before the text.</summary>
internal sealed class SentencePieceNormalizer : Normalizer
{
    private const char Space = '▁';
    private const int LongestKey = 16;

    private readonly SentencePieceFile file;
    private readonly CharsMap? map;
    private readonly PieceTrie kept = new(64);

    public SentencePieceNormalizer(SentencePieceFile file)
    {
        this.file = file;
        map = file.CharsMap.Length > 0 ? new CharsMap(file.CharsMap) : null;
        foreach (var piece in file.Pieces)
            if (piece.Kind == PieceKind.UserDefined)
                kept.Add(piece.Text, 0);
    }

    public override void Apply(TextWork work)
    {
        var (text, next) = (work.Text, work.Next);
        Span<char> letters = stackalloc char[128];
        var begun = false;
        var blank = file.RemovesBlanks;
        for (var at = 0; at < text.Length;)
        {
            var (count, size) = Prefix(text.Chars[at..], letters);
            var origin = text.OriginOf(at, size);
            at += size;
            foreach (var letter in letters[..count])
            {
                if (blank && letter == ' ')
                    continue;
                if (!begun && file is { AddsSpace: true, SpaceBehind: false })
                    next.Append(file.WritesSpaces ? Space : ' ', origin);
                begun = true;
                next.Append(letter == ' ' && file.WritesSpaces ? Space : letter, origin);
                blank = false;
            }

            if (count > 0)
                blank = file.RemovesBlanks && letters[count - 1] == ' ';
        }

        if (file.RemovesBlanks)
            while (next.Length > 0 && next.Chars[^1] == (file.WritesSpaces ? Space : ' '))
                next.Shorten();
        if (begun && file is { AddsSpace: true, SpaceBehind: true })
            next.Append(file.WritesSpaces ? Space : ' ', text.OriginOf(text.Length - 1, 1));
        work.TakeNext();
    }

    // How many letters the beginning of the text becomes, and how many of the text these stand for.
    private (int Count, int Size) Prefix(ReadOnlySpan<char> text, Span<char> letters)
    {
        if (Kept(text) is > 0 and var whole)
        {
            text[..whole].CopyTo(letters);
            return (whole, whole);
        }

        Span<byte> utf8 = stackalloc byte[3 * LongestKey];
        var window = text[..Math.Min(text.Length, LongestKey)];
        if (map is not null && map.TryFindLongest(utf8[..Encoding.UTF8.GetBytes(window, utf8)], out var key, out var replacement))
            return (Encoding.UTF8.GetChars(replacement, letters), Encoding.UTF8.GetCharCount(utf8[..key]));
        var size = AlignedText.SizeAt(text, 0);
        text[..size].CopyTo(letters);
        return (size, size);
    }

    private int Kept(ReadOnlySpan<char> text)
    {
        var (node, found) = (PieceTrie.Root, 0);
        for (var at = 0; at < Math.Min(text.Length, 128) && (node = kept.Step(node, text[at])) >= 0; at++)
            if (kept.ValueAt(node) >= 0)
                found = at + 1;
        return found;
    }
}
