using Lingua;

namespace BatchInference.Documents.Extraction;

/// <summary>Tells the language of a text by its n-grams (Lingua), from samples of its beginning, middle and end.</summary>
internal static class LanguageDetector
{
    private const int Sample = 600;
    private const int ShortestLetters = 20;

    // Those of the Union and its neighbours that archives hold; each costs memory for its n-grams.
    private static readonly Lazy<Lingua.LanguageDetector> Detector = new(() => LanguageDetectorBuilder
        .FromLanguages(Language.French, Language.English, Language.German, Language.Spanish, Language.Italian, Language.Portuguese, Language.Dutch, Language.Arabic)
        .WithLowAccuracyMode().Build());

    /// <summary>ISO 639-1 code; null when the text is too short or no language stands out.</summary>
    public static string? Detect(string text)
    {
        var sample = text.Length <= 3 * Sample ? text : string.Join('\n', text[..Sample], text.AsSpan(text.Length / 2, Sample).ToString(), text[^Sample..]);
        if (sample.Count(char.IsLetter) < ShortestLetters) return null;
        var language = Detector.Value.DetectLanguageOf(sample);
        return language == Language.Unknown ? null : language.IsoCode6391().ToString().ToLowerInvariant();
    }
}
