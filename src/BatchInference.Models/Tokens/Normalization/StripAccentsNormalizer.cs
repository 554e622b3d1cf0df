using System.Globalization;

namespace BatchInference.Models.Tokens.Normalization;

/// <summary>Leaves marks out: all, or only those that take no room.</summary>
internal sealed class StripAccentsNormalizer(bool onlyNonSpacing) : FilterNormalizer
{
    private protected override int Map(int rune) => rune < 0x300 ? rune : OldCategories.Of(rune, onlyNonSpacing ? 8 : 9) switch
    {
        UnicodeCategory.NonSpacingMark => Removed,
        UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark when !onlyNonSpacing => Removed,
        _ => rune,
    };
}
