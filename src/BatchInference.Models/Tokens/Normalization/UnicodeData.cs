using System.Globalization;

namespace BatchInference.Models.Tokens.Normalization;

/// <summary>
/// Decompositions, compositions and combining classes of Unicode 9.0: those of the reference implementation, which .NET does not have (its normalisation follows the platform and fails on some texts).
/// </summary>
internal sealed class UnicodeData
{
    private const int Syllables = 0xAC00;
    private const int Leads = 0x1100;
    private const int Vowels = 0x1161;
    private const int Tails = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TailCount = 28;
    private const int SyllableCount = LeadCount * VowelCount * TailCount;

    private readonly Dictionary<int, byte> classes = [];
    private readonly Dictionary<int, int[]> canonical = [];
    private readonly Dictionary<int, int[]> compatible = [];
    private readonly Dictionary<(int, int), int> compositions = [];
    private readonly int[]?[] canonicalLatin = new int[0x2000][];
    private readonly HashSet<int> unstable = [];

    private UnicodeData()
    {
        var direct = new Dictionary<int, (int[] Parts, bool Canonical)>();
        using var file = typeof(UnicodeData).Assembly.GetManifestResourceStream("unicode-9.txt")!;
        using var reader = new StreamReader(file);
        while (reader.ReadLine() is { } line)
            if (!line.StartsWith('#'))
                Read(line, direct);
        foreach (var (rune, (_, isCanonical)) in direct)
        {
            if (isCanonical)
                canonical[rune] = [.. Whole(rune, direct, compatibly: false)];
            if (Whole(rune, direct, compatibly: true) is var parts && !(canonical.TryGetValue(rune, out var same) && same.AsSpan().SequenceEqual(parts.ToArray())))
                compatible[rune] = [.. parts];
            if (rune < canonicalLatin.Length && canonical.TryGetValue(rune, out var latin))
                canonicalLatin[rune] = latin;
        }
    }

    public static UnicodeData Version9 { get; } = new();

    /// <summary>By UTF-16 unit, whether a form could change it or what stands before it. A code point beyond the first plane is known by its high surrogate.</summary>
    public bool[] TouchedBy(UnicodeForm form)
    {
        var touched = new bool[0x10000];
        void Touch(IEnumerable<int> runes)
        {
            foreach (var rune in runes)
                touched[rune < 0x10000 ? rune : char.ConvertFromUtf32(rune)[0]] = true;
        }

        Touch(classes.Keys);
        if (form is UnicodeForm.Nfkc or UnicodeForm.Nfkd)
            Touch(compatible.Keys);
        if (form is UnicodeForm.Nfd or UnicodeForm.Nfkd)
        {
            Touch(canonical.Keys);
            touched.AsSpan(Syllables, SyllableCount).Fill(true);
            return touched;
        }

        // A composed letter stays as it is, unless a mark follows.
        Touch(unstable);
        touched.AsSpan(Vowels, Tails + TailCount - Vowels).Fill(true);
        return touched;
    }

    /// <summary>The canonical combining class; 0 for what stands by itself.</summary>
    public byte ClassOf(int rune) => rune < 0x300 ? (byte)0 : classes.GetValueOrDefault(rune);

    /// <summary>What a code point decomposes to; itself where it does not.</summary>
    /// <param name="rune">The code point.</param>
    /// <param name="compatibly">Whether look-alikes are resolved, too (ﬁ → fi).</param>
    /// <param name="room">Room for the syllables of Hangul, which follow from arithmetic: three.</param>
    public ReadOnlySpan<int> Decompose(int rune, bool compatibly, Span<int> room)
    {
        if (rune >= Syllables && rune < Syllables + SyllableCount)
        {
            var index = rune - Syllables;
            (room[0], room[1], room[2]) = (Leads + index / (VowelCount * TailCount), Vowels + index / TailCount % VowelCount, Tails + index % TailCount);
            return room[..(index % TailCount == 0 ? 2 : 3)];
        }

        if (!compatibly && rune < canonicalLatin.Length)
        {
            if (canonicalLatin[rune] is { } latin)
                return latin;
            room[0] = rune;
            return room[..1];
        }

        if ((compatibly && compatible.TryGetValue(rune, out var parts)) || canonical.TryGetValue(rune, out parts))
            return parts;
        room[0] = rune;
        return room[..1];
    }

    /// <summary>The code point that two become, or -1.</summary>
    public int Compose(int first, int second)
    {
        if (first is >= Leads and < Leads + LeadCount && second is >= Vowels and < Vowels + VowelCount)
            return Syllables + ((first - Leads) * VowelCount + second - Vowels) * TailCount;
        if (first is >= Syllables and < Syllables + SyllableCount && (first - Syllables) % TailCount == 0 && second is > Tails and < Tails + TailCount)
            return first + second - Tails;
        return compositions.GetValueOrDefault((first, second), -1);
    }

    // "C0=0041 0300", "300:230", "340:230!0300": code point, combining class, kind of decomposition, parts.
    private void Read(string line, Dictionary<int, (int[] Parts, bool Canonical)> direct)
    {
        var kind = line.AsSpan().IndexOfAny('=', '!', '~');
        var head = kind < 0 ? line : line[..kind];
        var colon = head.IndexOf(':', StringComparison.Ordinal);
        var rune = Number(colon < 0 ? head : head[..colon]);
        if (colon >= 0)
            classes[rune] = byte.Parse(head.AsSpan(colon + 1), CultureInfo.InvariantCulture);
        if (kind < 0)
            return;
        var parts = line[(kind + 1)..].Split(' ').Select(Number).ToArray();
        direct[rune] = (parts, line[kind] != '~');
        if (line[kind] == '=')
        {
            compositions[(parts[0], parts[1])] = rune;
            unstable.Add(parts[1]);
        }
        else if (line[kind] == '!')
        {
            unstable.Add(rune);
        }
    }

    private static List<int> Whole(int rune, Dictionary<int, (int[] Parts, bool Canonical)> direct, bool compatibly)
    {
        if (!direct.TryGetValue(rune, out var found) || (!compatibly && !found.Canonical))
            return [rune];
        return [.. found.Parts.SelectMany(part => Whole(part, direct, compatibly))];
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
