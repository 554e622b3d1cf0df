using System.Buffers;
using System.Numerics;
using System.Text;
using Lingua;

namespace BatchInference.Documents.Extraction;

/// <summary>
/// Tells the language of a text from samples of its beginning, middle and end: by its script where that is one language's, else by its small words and letters. A list of names or of goods has
/// no small words: there n-grams (Lingua) answer, where nothing speaks against it. Unsure is null: a wrong language is worse than none.
/// </summary>
internal static class LanguageDetector
{
    private const int Sample = 600;
    private const int ShortestLetters = 20;

    // Of a text's words, those that are small words of its language: a quarter to a half in prose, an eighth where endings say what elsewhere small words do. Of a chance language, some percents.
    private const double LeastSmallWords = 0.1;

    private const int LeastWordsOfList = 12;
    private const int LongerThanASentence = 50;

    // How sure Lingua must be: where small words are for the same language, where there are none.
    private const double LeastOfProse = 0.8;
    private const double LeastOfList = 0.99;

    // Of Latin script, those that Lingua and the words know both; each costs memory for its n-grams.
    private static readonly Language[] OfLingua =
    [
        Language.French, Language.English, Language.German, Language.Spanish, Language.Italian, Language.Portuguese, Language.Dutch, Language.Polish, Language.Romanian, Language.Swedish,
        Language.Danish, Language.Bokmal, Language.Finnish, Language.Hungarian, Language.Czech, Language.Slovak, Language.Slovene, Language.Croatian, Language.Estonian, Language.Latvian,
        Language.Lithuanian, Language.Catalan, Language.Basque, Language.Turkish, Language.Vietnamese, Language.Latin,
    ];

    private static readonly HashSet<string> CodesOfLingua = [.. OfLingua.Select(Code)];
    private static readonly Lazy<Lingua.LanguageDetector> Detector = new(() => LanguageDetectorBuilder.FromLanguages(OfLingua).WithLowAccuracyMode().Build());

    private static readonly SearchValues<char> OfNoLanguage = SearchValues.Create("@_\\/=<>{}");

    private static readonly SearchValues<char> Vowels = SearchValues.Create("aeiouy");

    private enum Script
    {
        Other,
        Words,
        Greek,
        Hebrew,
        Arabic,
        Han,
        Kana,
        Hangul,
        Thai,
        Lao,
        Georgian,
        Armenian,
        Bengali,
        Gurmukhi,
        Gujarati,
        Tamil,
        Telugu,
        Kannada,
        Malayalam,
        Sinhala,
        Tibetan,
        Burmese,
        Khmer,
    }

    /// <summary>ISO 639-1 code, else 639-3; null when the text is too short or no language stands out.</summary>
    public static string? Detect(string text)
    {
        var sample = (text.Length <= 3 * Sample ? text : string.Join('\n', Piece(text, 0), Piece(text, text.Length / 2), Piece(text, text.Length - Sample))).Normalize(NormalizationForm.FormC);
        Span<int> scripts = stackalloc int[Enum.GetValues<Script>().Length];
        scripts.Clear();
        var letters = 0;
        foreach (var sign in sample)
        {
            if (!char.IsLetter(sign)) continue;
            letters++;
            scripts[(int)ScriptOf(sign)]++;
        }

        // Both are of one text: kana stand between Chinese characters in Japanese.
        var japanese = scripts[(int)Script.Kana] * 20 > scripts[(int)Script.Han];
        if (japanese) (scripts[(int)Script.Kana], scripts[(int)Script.Han]) = (scripts[(int)Script.Kana] + scripts[(int)Script.Han], 0);
        var most = (Script)scripts.IndexOf(Max(scripts));
        // A sign of these is a syllable or a word.
        if (letters < (most is Script.Han or Script.Kana or Script.Hangul ? ShortestLetters / 2 : ShortestLetters) || scripts[(int)most] * 2 <= letters) return null;
        return most switch
        {
            Script.Words => ByWords(sample),
            Script.Arabic => OfArabicLetters(sample),
            Script.Hebrew => sample.AsSpan().ContainsAnyInRange('\u05F0', '\u05F2') ? "yi" : "he",
            Script.Greek => "el",
            Script.Han => "zh",
            Script.Kana => "ja",
            Script.Hangul => "ko",
            Script.Thai => "th",
            Script.Lao => "lo",
            Script.Georgian => "ka",
            Script.Armenian => "hy",
            Script.Bengali => sample.AsSpan().ContainsAny('\u09F0', '\u09F1') ? "as" : "bn",
            Script.Gurmukhi => "pa",
            Script.Gujarati => "gu",
            Script.Tamil => "ta",
            Script.Telugu => "te",
            Script.Kannada => "kn",
            Script.Malayalam => "ml",
            Script.Sinhala => "si",
            Script.Tibetan => "bo",
            Script.Burmese => "my",
            Script.Khmer => "km",
            _ => null,
        };
    }

    // Normalization refuses half a sign.
    private static string Piece(string text, int start)
    {
        var piece = text.AsSpan(start, Sample);
        if (char.IsLowSurrogate(piece[0])) piece = piece[1..];
        return (char.IsHighSurrogate(piece[^1]) ? piece[..^1] : piece).ToString();
    }

    private static int Max(ReadOnlySpan<int> numbers)
    {
        var most = 0;
        foreach (var number in numbers) most = Math.Max(most, number);
        return most;
    }

    private static Script ScriptOf(char letter) => letter switch
    {
        < '\u0370' or (>= '\u0400' and <= '\u052F') or (>= '\u0900' and <= '\u097F') or (>= '\u1E00' and <= '\u1EFF') => Script.Words,
        (>= '\u0370' and <= '\u03FF') or (>= '\u1F00' and <= '\u1FFF') => Script.Greek,
        >= '\u0530' and <= '\u058F' => Script.Armenian,
        >= '\u0590' and <= '\u05FF' => Script.Hebrew,
        (>= '\u0600' and <= '\u077F') or (>= '\uFB50' and <= '\uFDFF') or (>= '\uFE70' and <= '\uFEFE') => Script.Arabic,
        >= '\u0980' and <= '\u09FF' => Script.Bengali,
        >= '\u0A00' and <= '\u0A7F' => Script.Gurmukhi,
        >= '\u0A80' and <= '\u0AFF' => Script.Gujarati,
        >= '\u0B80' and <= '\u0BFF' => Script.Tamil,
        >= '\u0C00' and <= '\u0C7F' => Script.Telugu,
        >= '\u0C80' and <= '\u0CFF' => Script.Kannada,
        >= '\u0D00' and <= '\u0D7F' => Script.Malayalam,
        >= '\u0D80' and <= '\u0DFF' => Script.Sinhala,
        >= '\u0E00' and <= '\u0E7F' => Script.Thai,
        >= '\u0E80' and <= '\u0EFF' => Script.Lao,
        >= '\u0F00' and <= '\u0FFF' => Script.Tibetan,
        >= '\u1000' and <= '\u109F' => Script.Burmese,
        (>= '\u10A0' and <= '\u10FF') or (>= '\u1C90' and <= '\u1CBF') => Script.Georgian,
        (>= '\u1100' and <= '\u11FF') or (>= '\u3130' and <= '\u318F') or (>= '\uAC00' and <= '\uD7AF') => Script.Hangul,
        >= '\u1780' and <= '\u17FF' => Script.Khmer,
        >= '\u3040' and <= '\u30FF' => Script.Kana,
        (>= '\u3400' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF') => Script.Han,
        _ => Script.Other,
    };

    // The letters that each language added to the Arabic ones.
    private static string? OfArabicLetters(string sample)
    {
        var (persian, urdu, kurdish, pashto, arabic, all) = (0, 0, 0, 0, 0, 0);
        foreach (var sign in sample)
        {
            if (!char.IsLetter(sign)) continue;
            all++;
            if (sign is 'پ' or 'چ' or 'ژ' or 'گ' or 'ک' or 'ی') persian++;
            else if (sign is 'ٹ' or 'ڈ' or 'ڑ' or 'ں' or 'ے' or 'ھ' or 'ہ') urdu++;
            else if (sign is 'ە' or 'ێ' or 'ۆ' or 'ڵ' or 'ڕ') kurdish++;
            else if (sign is 'ټ' or 'ډ' or 'ړ' or 'ږ' or 'ښ' or 'ې' or 'ۍ' or 'ځ' or 'څ' or 'ڼ') pashto++;
            else if (sign is 'ة' or 'ى' or 'أ' or 'إ' or 'ي' or 'ك') arabic++;
        }

        if (kurdish * 20 > all) return "ckb";
        if (pashto * 50 > all) return "ps";
        if (urdu * 25 > all) return "ur";
        if (persian * 25 > all && persian > arabic) return "fa";
        return arabic * 25 > all && arabic > 4 * (persian + urdu + kurdish + pashto) ? "ar" : null;
    }

    private static string? ByWords(string sample)
    {
        var found = new FoundWords(sample);
        if (found.Language is { } language) return language;
        if (!found.MayBeProse && !found.MayBeList) return null;
        var (likeliest, confidence) = Detector.Value.ComputeLanguageConfidenceValues(found.Plain).First();
        var code = Code(likeliest);
        return (found.MayBeProse && confidence > LeastOfProse && found.Supports(code)) || (found.MayBeList && confidence > LeastOfList && found.AllowsFor(code)) ? code : null;
    }

    private static string Code(Language language) => language.IsoCode6391().ToString().ToLowerInvariant();

    /// <summary>The words of a text in letters, counted by the languages that each speaks for.</summary>
    private sealed class FoundWords
    {
        private readonly Dictionary<ulong, int> evidence = [];
        private readonly int[] small = new int[LanguageWords.Codes.Length];
        private readonly int[] known = new int[LanguageWords.Codes.Length];
        private int unspeakable;
        private readonly StringBuilder plain = new();

        public FoundWords(string sample)
        {
            var said = new Dictionary<string, int>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
            var lower = sample.ToLowerInvariant().Replace("\u0307", "", StringComparison.Ordinal);
            foreach (var range in lower.AsSpan().SplitAny(" \t\n\u00A0\u202F"))
            {
                // A number, a code, an address, the name of a file: in no language.
                var run = lower.AsSpan()[range];
                if (run.ContainsAnyInRange('0', '9') || run.ContainsAny(OfNoLanguage)) continue;
                while (Next(ref run) is { IsEmpty: false } word) Count(word, said);
            }

            Language = Best();
        }

        /// <summary>All of them.</summary>
        public int Words { get; private set; }

        /// <summary>The text without what is in no language.</summary>
        public string Plain => plain.ToString();

        /// <summary>The language that they speak for; null when none stands out.</summary>
        public string? Language { get; }

        /// <summary>True when small words are among them, though too few to tell by them alone.</summary>
        public bool MayBeProse => small.Max() is var most && most >= 2 && most >= LeastSmallWords * Words;

        /// <summary>True when they are many words that could be spoken, and hardly any small word of any language is among them.</summary>
        public bool MayBeList => Words >= LeastWordsOfList && unspeakable * 20 <= Words && small.Max() < LeastSmallWords * Words;

        /// <summary>True when small words are for the language, and for no other one more; nor for one that Lingua does not know as many. In a long text they do not speak for two.</summary>
        public bool Supports(string code)
        {
            var index = Array.IndexOf(LanguageWords.Codes, code);
            return index >= 0 && small[index] >= 2 && small[index] >= LeastSmallWords * Words && Enumerable.Range(0, small.Length).All(rival =>
                LanguageWords.Codes[rival] == code || (Compare(index, rival) is var (mine, its) && mine >= its + (Words / LongerThanASentence) + (CodesOfLingua.Contains(LanguageWords.Codes[rival]) ? 0 : 1)));
        }

        /// <summary>True when what the words say hardly speaks against the language.</summary>
        public bool AllowsFor(string code)
        {
            var index = Array.IndexOf(LanguageWords.Codes, code);
            return index >= 0 && evidence.Sum(pair => (pair.Key >> index & 1) == 0 ? pair.Value : 0) * 10 <= Words;
        }

        private static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> run)
        {
            var start = 0;
            while (start < run.Length && !IsOfWord(run[start])) start++;
            var end = start;
            while (end < run.Length && IsOfWord(run[end])) end++;
            var word = run[start..end];
            run = run[end..];
            return word;
        }

        private static bool IsOfWord(char sign) => char.IsLetter(sign) || char.GetUnicodeCategory(sign) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark;

        private void Count(ReadOnlySpan<char> word, Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> said)
        {
            Words++;
            if (word.Length > 2 && !word.ContainsAny(Vowels) && Ascii.IsValid(word)) unspeakable++;
            var having = LanguageWords.Having(word);
            var times = said[word] = said.TryGetValue(word, out var before) ? before + 1 : 1;
            for (var left = having; left != 0; left &= left - 1)
            {
                var index = BitOperations.TrailingZeroCount(left);
                small[index]++;
                if (times == 1 && word.Length > 1) known[index]++;
            }

            // A line that comes again and again says no more than twice.
            if (times > 2) return;
            plain.Append(word).Append(' ');
            if ((having != 0 ? having : LanguageWords.Writing(word)) is var speaks and not 0) evidence[speaks] = evidence.GetValueOrDefault(speaks) + 1;
        }

        // The one that has twice as much for it, word by word, as each other one: what speaks for both decides nothing.
        private string? Best()
        {
            var best = Enumerable.Range(0, small.Length).MaxBy(index => small[index] * 2 + evidence.Sum(pair => (pair.Key >> index & 1) != 0 ? pair.Value : 0));
            return small[best] >= 3 && known[best] >= 2 && small[best] >= LeastSmallWords * Words
                && Enumerable.Range(0, small.Length).All(rival => LanguageWords.Codes[rival] == LanguageWords.Codes[best] || (Compare(best, rival) is var (mine, its) && mine >= (2 * its) + 2))
                ? LanguageWords.Codes[best]
                : null;
        }

        private (int Mine, int Its) Compare(int one, int rival)
        {
            var (mine, its) = (0, 0);
            foreach (var (languages, count) in evidence)
            {
                if ((languages >> one & 1) > (languages >> rival & 1)) mine += count;
                else if ((languages >> one & 1) < (languages >> rival & 1)) its += count;
            }

            return (mine, its);
        }
    }
}
