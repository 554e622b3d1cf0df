using System.Globalization;

namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>Judges whether the text layer of a page says what the page shows, or is rubbish: glyph numbers without their letters, or a failed earlier reading.</summary>
internal static class TextLayer
{
    private const double Sound = 0.6;
    private const int LeastSigns = 20;

    // Texts of the Union's languages are a third or more of such words, letters that stand for others of almost none. A table or a list of names may have none either, so their lack alone does not condemn.
    private const int LeastWords = 10;
    private const double FewSmallWords = 0.04;
    private const double WithoutSmallWords = 0.65;
    private static readonly HashSet<string> SmallWords = new("""
        le la les de des du un une et est en au aux que qui dans pour par sur ne pas ce il elle se sa son nous vous
        the of and to in is that for it on with as at by be this are was not from or an
        der die das und ist zu den dem von mit ein eine nicht auf für im des
        el los las del y que en un una por con para es no se al
        il lo gli di che è e un per non con una sono del della
        o os as do da dos e em um uma para com não que no na
        het een van en in is dat op te voor met zijn niet aan
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), StringComparer.OrdinalIgnoreCase);

    private const string Vowels = "aeiouyàâäáãåæèéêëìíîïòóôöõøœùúûüýÿ";

    /// <summary>True when reading the picture of the page would tell more.</summary>
    public static bool IsRubbish(ReadOnlySpan<char> text) => Signs(text) >= LeastSigns && Quality(text) < Sound;

    /// <summary>
    /// In [0, 1]: the share of signs that a text may hold (no replacement characters, none of private use or control), times the share of words that could be some language's, less where the small words that every language has are missing.
    /// </summary>
    public static double Quality(ReadOnlySpan<char> text)
    {
        var (signs, bad) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if (System.Text.Rune.IsWhiteSpace(rune)) continue;
            signs++;
            if (rune.Value == 0xFFFD || System.Text.Rune.GetUnicodeCategory(rune) is UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Control) bad++;
        }

        if (signs == 0) return 0;
        var (words, plausible, all, small) = (0, 0, 0, 0);
        var isSmall = SmallWords.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var range in text.SplitAny([' ', '\n', '\t', '\u00A0', '\'', '’', '-', '/']))
        {
            var word = text[range].Trim("«»\"“”().,;:!?[]…*·|_–—");
            if (word.Length > 0 && char.IsLetter(word[0]) && word[0] < 'ɐ')
            {
                all++;
                if (isSmall.Contains(word)) small++;
            }

            if (word.Length < 3) continue;
            words++;
            if (IsPlausible(word)) plausible++;
        }

        var ofALanguage = all < LeastWords || small >= FewSmallWords * all ? 1 : WithoutSmallWords;
        return ofALanguage * (1 - (bad / (double)signs)) * (words == 0 ? 1 : plausible / (double)words);
    }

    // Numbers and other scripts are taken on trust; a word of Latin letters has vowels among them, no capital after a small letter but in names (McDonald), no figures inside.
    private static bool IsPlausible(ReadOnlySpan<char> word)
    {
        var (letters, latin, vowels, others, turns, run, longest) = (0, 0, 0, 0, 0, 0, 0);
        for (var index = 0; index < word.Length; index++)
        {
            var character = char.ToLowerInvariant(word[index]);
            if (!char.IsLetter(character))
            {
                others++;
                run = 0;
                continue;
            }

            letters++;
            if (character < 'ɐ') latin++;
            var isVowel = Vowels.Contains(character, StringComparison.Ordinal);
            if (isVowel) vowels++;
            longest = Math.Max(longest, run = isVowel ? 0 : run + 1);
            if (index > 0 && char.IsUpper(word[index]) && char.IsLower(word[index - 1])) turns++;
        }

        if (letters == 0) return word.ContainsAnyInRange('0', '9');
        if (latin < letters) return true;
        if (others > 0) return others > letters && word.ContainsAnyInRange('0', '9') || word.ContainsAny('@', '_') || (others == 1 && letters > 3);
        // Capitals alone may be an abbreviation.
        return turns <= 1 && longest <= 5 && (vowels > 0 || (letters <= 5 && char.IsUpper(word[^1])));
    }

    private static int Signs(ReadOnlySpan<char> text)
    {
        var signs = 0;
        foreach (var character in text)
            if (!char.IsWhiteSpace(character)) signs++;
        return signs;
    }
}
