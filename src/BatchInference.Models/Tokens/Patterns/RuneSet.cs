using System.Globalization;
using System.Text;

namespace BatchInference.Models.Tokens.Patterns;

/// <summary>A set of code points, by general category, property and range.</summary>
internal sealed class RuneSet
{
    private readonly List<(int First, int Last)> ranges = [];
    private readonly List<RuneSet> parts = [];
    private uint categories;
    private bool blanks;
    private Func<int, bool>? condition;

    /// <summary>Whether it is all but what was added.</summary>
    public bool Negated { get; init; }

    /// <summary>Unicode's White_Space.</summary>
    public static RuneSet WhiteSpace() => new() { blanks = true };

    /// <summary>Letters, marks, digits and what joins words. Circled and squared letters are alphabetic, though symbols by category.</summary>
    private static RuneSet Word() => Of("L", "M", "Nd", "Nl", "Pc").Add(0x24B6, 0x24E9).Add(0x1F130, 0x1F149).Add(0x1F150, 0x1F169).Add(0x1F170, 0x1F189);

    /// <summary>What Oniguruma means by <c>\w</c>: also the small digits and fractions of Latin-1.</summary>
    public static RuneSet OnigurumaWord() => Word().Add(0xB2, 0xB3).Add(0xB9, 0xB9).Add(0xBC, 0xBE);

    /// <summary>What Rust's patterns mean by <c>\w</c>: also the two joiners without width.</summary>
    public static RuneSet RustWord() => Word().Add(0x200C, 0x200D);

    /// <summary>All code points of which something is true.</summary>
    public static RuneSet Where(Func<int, bool> contains) => new() { condition = contains };

    /// <summary>All code points of the general categories that begin with these names.</summary>
    /// <exception cref="FormatException">There is no such category.</exception>
    public static RuneSet Of(params ReadOnlySpan<string> names)
    {
        var set = new RuneSet();
        foreach (var name in names)
            set.categories |= Categories(name);
        return set;
    }

    public RuneSet Add(int first, int last)
    {
        ranges.Add((first, last));
        return this;
    }

    public RuneSet Add(RuneSet part)
    {
        parts.Add(part);
        return this;
    }

    public bool Contains(int rune)
    {
        var found = (categories >> (int)Category(rune) & 1) != 0 || (blanks && IsWhiteSpace(rune)) || condition?.Invoke(rune) == true;
        for (var at = 0; !found && at < ranges.Count; at++)
            found = rune >= ranges[at].First && rune <= ranges[at].Last;
        for (var at = 0; !found && at < parts.Count; at++)
            found = parts[at].Contains(rune);
        return found != Negated;
    }

    /// <summary>The set of the code points that it does not have.</summary>
    public RuneSet Complement() => new RuneSet { Negated = true }.Add(this);

    private static UnicodeCategory Category(int rune) => CharUnicodeInfo.GetUnicodeCategory(rune);

    private static bool IsWhiteSpace(int rune) => Rune.IsValid(rune) && Rune.IsWhiteSpace(new Rune(rune));

    private static uint Categories(string name)
    {
        const string Names = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Cn";
        var found = 0u;
        for (var category = 0; 3 * category < Names.Length; category++)
            if (Names.AsSpan(3 * category, 2).StartsWith(name, StringComparison.Ordinal))
                found |= 1u << category;
        return name.Length is 1 or 2 && found != 0 ? found : throw new FormatException($"the property \\p{{{name}}}");
    }
}
