using System.Runtime.CompilerServices;

namespace BatchInference.Models.Tokens.Patterns;

/// <summary>Parts all code points into classes that no set of a pattern tells apart. Filled as texts need it; for any number of threads.</summary>
internal sealed class RuneClasses(IReadOnlyList<RuneSet> sets)
{
    /// <summary>The class of the end of a text.</summary>
    public const int End = 255;

    private readonly byte[]?[] pages = new byte[0x1100][];
    private readonly Dictionary<ulong, byte> classes = [];
    private readonly List<ulong> masks = [];
    private readonly Lock filling = new();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Of(int rune) => (Volatile.Read(ref pages[rune >> 8]) ?? Fill(rune >> 8))[rune & 255];

    /// <summary>Whether the code points of a class are of a set.</summary>
    public bool Has(int runeClass, int set)
    {
        lock (filling)
            return (masks[runeClass] >> set & 1) != 0;
    }

    private byte[] Fill(int page)
    {
        lock (filling)
        {
            var filled = new byte[256];
            for (var low = 0; low < filled.Length; low++)
                filled[low] = Class((page << 8) + low);
            Volatile.Write(ref pages[page], filled);
            return filled;
        }
    }

    private byte Class(int rune)
    {
        var mask = 0ul;
        for (var set = 0; set < sets.Count; set++)
            if (sets[set].Contains(rune))
                mask |= 1ul << set;
        if (classes.TryGetValue(mask, out var known))
            return known;
        if (masks.Count == End)
            throw new InvalidDataException($"A pattern of the tokenizer tells more than {End} kinds of characters apart. Use a model with another tokenizer.");
        classes[mask] = (byte)masks.Count;
        masks.Add(mask);
        return classes[mask];
    }
}
