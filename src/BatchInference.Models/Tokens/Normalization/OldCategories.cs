using System.Globalization;

namespace BatchInference.Models.Tokens.Normalization;

/// <summary>General categories as they were in Unicode 8 and 9, for marks, punctuation and formats: the reference implementation never learned what came after.</summary>
internal static class OldCategories
{
    private static readonly (int First, int Last, int Version, UnicodeCategory Category)[] Changes = Read();

    /// <summary>The category of a code point.</summary>
    /// <param name="rune">The code point.</param>
    /// <param name="version">8 or 9.</param>
    public static UnicodeCategory Of(int rune, int version)
    {
        if (rune >= Changes[0].First)
        {
            var (low, high) = (0, Changes.Length - 1);
            while (low < high)
            {
                var middle = (low + high + 1) / 2;
                (low, high) = Changes[middle].First <= rune ? (middle, high) : (low, middle - 1);
            }

            if (rune <= Changes[low].Last && version <= Changes[low].Version)
                return Changes[low].Category;
        }

        return CharUnicodeInfo.GetUnicodeCategory(rune);
    }

    /// <summary>Whether it was punctuation in Unicode 8, or is an ASCII symbol ($ + &lt; = &gt; ^ ` | ~), which counts as such.</summary>
    public static bool IsPunctuation(int rune) => rune < 0x80
        ? char.IsPunctuation((char)rune) || char.IsSymbol((char)rune)
        : Of(rune, 8) is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation;

    // "1CF2-1CF3 9 Mc"
    private static (int, int, int, UnicodeCategory)[] Read()
    {
        var changes = new List<(int, int, int, UnicodeCategory)>();
        using var file = typeof(OldCategories).Assembly.GetManifestResourceStream("unicode-changes.txt")!;
        using var reader = new StreamReader(file);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#') || line.Split(' ') is not [var range, var version, var category])
                continue;
            var ends = range.Split('-');
            changes.Add((Number(ends[0]), Number(ends[^1]), version[0] - '0', category switch
            {
                "Cn" => UnicodeCategory.OtherNotAssigned,
                "Lo" => UnicodeCategory.OtherLetter,
                "Mc" => UnicodeCategory.SpacingCombiningMark,
                "Mn" => UnicodeCategory.NonSpacingMark,
                _ => UnicodeCategory.OtherPunctuation,
            }));
        }

        return [.. changes];
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
