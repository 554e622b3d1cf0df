using System.Globalization;

namespace BatchInference.Models.Tokens.Normalization;

/// <summary>Leaves controls, formats and private letters out, and writes every blank as a space.</summary>
internal sealed class CleanTextNormalizer : FilterNormalizer
{
    private protected override int Map(int rune)
    {
        if (rune is >= ' ' and < 0x7F)
            return rune;
        if (rune is '\t' or '\n' or '\r')
            return ' ';
        if (rune == 0xFFFD)
            return Removed;
        return OldCategories.Of(rune, 8) switch
        {
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse => Removed,
            UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => ' ',
            _ => rune,
        };
    }
}
