using BatchInference.Models.Tokens.Sentences;

namespace BatchInference.Models.Tasks;

/// <summary>How long a summary may be: so many sentences, or so many characters (Unicode code points, the blanks between quotes included).</summary>
public sealed record SummaryLimit
{
    /// <summary>A summary of more sentences is none.</summary>
    public const int MostSentences = 100;

    /// <summary>A summary of more characters is none.</summary>
    public const int MostCharacters = 20_000;

    private SummaryLimit()
    {
    }

    /// <summary>As long as it comes.</summary>
    public static SummaryLimit None { get; } = new();

    /// <summary>Most sentences.</summary>
    public int Sentences { get; private init; } = int.MaxValue;

    /// <summary>Most characters.</summary>
    public int Characters { get; private init; } = int.MaxValue;

    /// <summary>Words after which no further sentence begins: how published figures of extractive summaries are measured.</summary>
    internal int Words { get; private init; } = int.MaxValue;

    /// <summary>At most so many sentences: 1 to <see cref="MostSentences"/>.</summary>
    public static SummaryLimit OfSentences(int count) => new() { Sentences = Within(count, MostSentences) };

    /// <summary>At most so many characters: 1 to <see cref="MostCharacters"/>.</summary>
    public static SummaryLimit OfCharacters(int count) => new() { Characters = Within(count, MostCharacters) };

    /// <summary>The beginning of a written summary that keeps the limit: whole sentences, at least one; a first sentence that alone is too long is cut at a word.</summary>
    internal string Cut(string summary)
    {
        var end = 0;
        foreach (var sentence in SentenceSplitter.Split(summary).Take(Sentences))
        {
            if (CodePoints(summary.AsSpan(0, sentence.End)) > Characters)
                break;
            end = sentence.End;
        }

        if (end > 0 || CodePoints(summary) <= Characters)
            return summary[..end];
        for (var points = 0; points < Characters; points++)
            end += char.IsHighSurrogate(summary[end]) ? 2 : 1;
        var blank = summary.LastIndexOf(' ', end);
        return summary[..(blank > 0 ? blank : end)].TrimEnd();
    }

    /// <summary>How people say it.</summary>
    internal string Says => Sentences < int.MaxValue ? Sentences == 1 ? "1 sentence" : $"{Sentences} sentences" : Characters < int.MaxValue ? $"{Characters} characters" : $"{Words} words";

    /// <summary>About so many words: the last sentence may go beyond.</summary>
    internal static SummaryLimit OfWords(int count) => new() { Words = Within(count, MostCharacters) };

    private static int CodePoints(ReadOnlySpan<char> text)
    {
        var points = text.Length;
        foreach (var unit in text)
            if (char.IsLowSurrogate(unit))
                points--;
        return points;
    }

    private static int Within(int count, int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, most);
        return count;
    }
}
