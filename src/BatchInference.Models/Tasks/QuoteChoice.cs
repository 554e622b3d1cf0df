using System.Numerics.Tensors;
using BatchInference.Models.Tokens;

namespace BatchInference.Models.Tasks;

/// <summary>Chooses the quotes of a summary from scored sentences: best first until the limit, nothing twice, in text order.</summary>
/// <remarks>
/// What reads like a sentence goes before what does not (headings, table rows, signatures), whatever their scores; what holds no words is quoted only when there is nothing else.
/// Equal scores are decided by the order of the text, so the same document always has the same summary.
/// </remarks>
internal sealed class QuoteChoice(EncodedDocument document, IReadOnlyList<float> scores, SummaryLimit limit)
{
    // A quote is for reading at a glance. What is longer is a text without stops: it comes last, and is cut at a word.
    private const int LongestQuote = 600;

    // Two sentences say the same when most words of the shorter one stand in the other, or half of them and the vectors all but agree.
    // Vectors alone do not tell: the sentences of one document are so close (half of all pairs of news above 0.97, one in ten above 0.99) that translations are not closer.
    private const double MostWords = 0.75;
    private const double HalfOfWords = 0.5;
    private const float SameVector = 0.993f;

    private readonly List<int> chosen = [];
    private readonly List<HashSet<string>> words = [];
    private long characters;
    private long wordCount;

    /// <summary>The quotes in text order; none only where the text holds nothing but blanks.</summary>
    public IReadOnlyList<TextRange> Quotes()
    {
        var kinds = document.Sentences.Select(sentence => QuoteKinds.Of(sentence.Of(document.Text), LongestQuote)).ToArray();
        var ranking = Enumerable.Range(0, kinds.Length).OrderBy(sentence => kinds[sentence]).ThenByDescending(sentence => scores[sentence]).ThenBy(sentence => sentence).ToArray();
        foreach (var sentence in ranking)
        {
            if (kinds[sentence] >= QuoteKind.TooLong || chosen.Count == limit.Sentences || wordCount >= limit.Words)
                break;
            TryChoose(sentence);
        }

        if (chosen.Count == 0 && ranking.Length > 0)
            return [Cut(document.Sentences[ranking[0]])];
        chosen.Sort();
        return [.. chosen.Select(sentence => document.Sentences[sentence])];
    }

    private void TryChoose(int sentence)
    {
        var quote = document.Sentences[sentence].Of(document.Text);
        var length = CodePoints(quote) + (chosen.Count > 0 ? 1 : 0);
        if (characters + length > limit.Characters)
            return;
        var own = QuoteKinds.Words(quote);
        if (Repeats(sentence, own))
            return;
        chosen.Add(sentence);
        words.Add(own);
        characters += length;
        wordCount += QuoteKinds.CountWords(quote);
    }

    private bool Repeats(int sentence, HashSet<string> own)
    {
        for (var index = 0; index < chosen.Count; index++)
        {
            var other = words[index];
            var shared = (double)own.Count(other.Contains) / Math.Max(1, Math.Min(own.Count, other.Count));
            if (shared >= MostWords || (shared >= HalfOfWords && Closeness(sentence, chosen[index]) >= SameVector))
                return true;
        }

        return false;
    }

    private float Closeness(int first, int second) => document.SentenceTokens[first] > 0 && document.SentenceTokens[second] > 0
        ? TensorPrimitives.CosineSimilarity(document.SentenceVectors[first], document.SentenceVectors[second])
        : 0;

    // Not longer than a quote may be, nor than the whole summary; the cut is at a word where there is one.
    private TextRange Cut(TextRange sentence)
    {
        var most = Math.Min(LongestQuote, limit.Characters);
        var end = sentence.Start;
        for (var count = 0; count < most && end < sentence.End; count++)
            end += char.IsHighSurrogate(document.Text[end]) && end + 1 < sentence.End && char.IsLowSurrogate(document.Text[end + 1]) ? 2 : 1;
        if (end == sentence.End)
            return sentence;
        var word = end;
        while (word > sentence.Start && !char.IsWhiteSpace(document.Text[word]))
            word--;
        while (word > sentence.Start && char.IsWhiteSpace(document.Text[word - 1]))
            word--;
        return new TextRange(sentence.Start, (word > sentence.Start ? word : end) - sentence.Start);
    }

    private static int CodePoints(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
            count++;
        return count;
    }
}
