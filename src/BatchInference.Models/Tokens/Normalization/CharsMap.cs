using System.Buffers.Binary;
using System.Text;

namespace BatchInference.Models.Tokens.Normalization;

/// <summary>
/// SentencePiece's <c>precompiled_charsmap</c>: the trie's size in bytes (little-endian), a darts-clone double array of 32-bit units, then the replacements, each ended by a zero byte.
/// Keys and replacements are UTF-8.
/// </summary>
internal sealed class CharsMap
{
    private const int Latin = 0x300;

    private readonly bool[] keeps = new bool[Latin];
    private readonly uint[] units;
    private readonly byte[] replacements;

    /// <param name="blob">The decoded map.</param>
    /// <exception cref="InvalidDataException">The map is cut off, or its trie is no whole number of units.</exception>
    public CharsMap(ReadOnlySpan<byte> blob)
    {
        var size = blob.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(blob);
        if (size == 0 || size % 4 != 0 || size > blob.Length - 4)
            throw new InvalidDataException($"The precompiled charsmap of {blob.Length} bytes is damaged: its trie cannot have {size} bytes. Fetch the model's tokenizer.json again.");
        units = new uint[size / 4];
        for (var at = 0; at < units.Length; at++)
            units[at] = BinaryPrimitives.ReadUInt32LittleEndian(blob[(4 + 4 * at)..]);
        replacements = blob[(4 + (int)size)..].ToArray();
        Span<byte> bytes = stackalloc byte[2];
        for (var letter = ' '; letter < Latin; letter++)
            keeps[letter] = letter != '\x7F' && !TryFind(bytes[..new Rune(letter).EncodeToUtf8(bytes)], out _);
    }

    /// <summary>How many letters from the start stay as they are whatever map and graphemes say: Latin ones without a key, before other such letters.</summary>
    public int Kept(ReadOnlySpan<char> text)
    {
        var at = 0;
        while (at < text.Length && text[at] < Latin && keeps[text[at]])
            at++;
        // What stands behind may combine with the last.
        return at > 0 && at < text.Length && text[at] >= Latin ? at - 1 : at;
    }

    /// <summary>
    /// The replacement of the shortest key that <paramref name="text"/> starts with: Hugging Face takes the first result of the common-prefix search.
    /// False where there is none. A damaged trie finds nothing; it never reads outside the map.
    /// </summary>
    public bool TryFind(scoped ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement) => TryFind(text, longest: false, out _, out replacement);

    /// <summary>The replacement of the longest key that <paramref name="text"/> starts with, as SentencePiece has it, and the key's length in bytes.</summary>
    public bool TryFindLongest(scoped ReadOnlySpan<byte> text, out int length, out ReadOnlySpan<byte> replacement) => TryFind(text, longest: true, out length, out replacement);

    private bool TryFind(scoped ReadOnlySpan<byte> text, bool longest, out int length, out ReadOnlySpan<byte> replacement)
    {
        length = 0;
        replacement = default;
        var node = Offset(units[0]);
        for (var at = 0; at < text.Length; at++)
        {
            var letter = text[at];
            // Zero ends keys inside the trie.
            if (letter == 0)
                break;
            node ^= letter;
            if (node >= units.Length)
                break;
            var unit = units[node];
            if ((unit & 0x800000FF) != letter)
                break;
            node ^= Offset(unit);
            if ((unit >> 8 & 1) == 0)
                continue;
            if (node >= units.Length)
                break;
            var start = units[node] & 0x7FFFFFFF;
            if (start >= replacements.Length)
                break;
            var rest = replacements.AsSpan((int)start);
            var end = rest.IndexOf((byte)0);
            length = at + 1;
            replacement = end < 0 ? rest : rest[..end];
            if (!longest)
                break;
        }

        return length > 0;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 0x200) >> 6);
}
