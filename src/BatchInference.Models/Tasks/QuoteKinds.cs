namespace BatchInference.Models.Tasks;

/// <summary>How fit a sentence is to be quoted; the lower, the better.</summary>
internal enum QuoteKind
{
    /// <summary>Reads like a sentence.</summary>
    Sentence,

    /// <summary>Words without the form of a sentence: a heading, a list item, a salutation.</summary>
    Fragment,

    /// <summary>A text without stops, or a table.</summary>
    TooLong,

    /// <summary>Hardly a word: a rule, a number, a row of figures, a name.</summary>
    Wordless,
}

/// <summary>Tells by form alone what a sentence is worth as a quote. It looks at no vocabulary but the formulas that end French and English letters.</summary>
internal static class QuoteKinds
{
    private const int FewestWords = 4;
    private const int FewestWordsOfFragment = 2;

    // In prose letters are four of five characters; in a table of figures they are not.
    private const double FewestLetters = 0.6;

    private static readonly string[] Formulas =
    [
        "Veuillez agréer", "Je vous prie d'agréer", "Nous vous prions d'agréer", "Veuillez recevoir", "Je vous prie de croire", "Je vous prie de recevoir", "Recevez,", "Dans l'attente de",
        "Yours sincerely", "Yours faithfully", "Kind regards", "Best regards", "We look forward", "I look forward",
    ];

    public static QuoteKind Of(ReadOnlySpan<char> sentence, int longest)
    {
        var (letters, visible) = (0, 0);
        foreach (var character in sentence)
        {
            if (char.IsWhiteSpace(character))
                continue;
            visible++;
            if (char.IsLetter(character) || char.IsSurrogate(character))
                letters++;
        }

        // Scripts without blanks have few "words", but many letters.
        var words = Math.Max(CountWords(sentence), IsSpaceless(sentence) ? letters / 3 : 0);
        if (words < FewestWordsOfFragment || letters < FewestLetters * visible)
            return QuoteKind.Wordless;
        if (sentence.Length > longest)
            return QuoteKind.TooLong;
        return words >= FewestWords && EndsLikeASentence(sentence) && !sentence.ContainsAny('\t', '|') && !IsFormula(sentence) ? QuoteKind.Sentence : QuoteKind.Fragment;
    }

    /// <summary>How many words a text has: runs of letters and digits.</summary>
    public static int CountWords(ReadOnlySpan<char> text)
    {
        var (count, inside) = (0, false);
        foreach (var character in text)
        {
            var part = char.IsLetterOrDigit(character) || char.IsSurrogate(character);
            if (part && !inside)
                count++;
            inside = part;
        }

        return count;
    }

    /// <summary>The different words of a text, in lower case.</summary>
    public static HashSet<string> Words(ReadOnlySpan<char> text)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        var start = -1;
        for (var at = 0; at <= text.Length; at++)
        {
            var part = at < text.Length && (char.IsLetterOrDigit(text[at]) || char.IsSurrogate(text[at]));
            if (part && start < 0)
                start = at;
            if (part || start < 0)
                continue;
            words.Add(text[start..at].ToString().ToLowerInvariant());
            start = -1;
        }

        return words;
    }

    private static bool EndsLikeASentence(ReadOnlySpan<char> sentence)
    {
        var at = sentence.Length - 1;
        while (at > 0 && (char.IsWhiteSpace(sentence[at]) || sentence[at] is '"' or '”' or '»' or '’' or '\'' or ')' or ']' or '*' or '_' or '」' or '）'))
            at--;
        return sentence[at] is '.' or '!' or '?' or '…' or '。' or '！' or '？' or '؟' or '۔' or '।' or '።';
    }

    private static bool IsFormula(ReadOnlySpan<char> sentence)
    {
        foreach (var formula in Formulas)
            if (sentence.StartsWith(formula, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }

    // Chinese, Japanese, Thai, Lao, Khmer: no blanks between words.
    private static bool IsSpaceless(ReadOnlySpan<char> text) => text.ContainsAnyInRange('\u0E00', '\u0EFF') || text.ContainsAnyInRange('\u1780', '\u17FF') || text.ContainsAnyInRange('\u3040', '\u9FFF');
}
