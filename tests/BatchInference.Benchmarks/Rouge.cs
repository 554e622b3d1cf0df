using System.Text;

namespace BatchInference.Benchmarks;

/// <summary>ROUGE F1 in percent (Lin 2004): shared words, pairs of words, longest common subsequence. Words are runs of letters and digits, lower-cased, not stemmed.</summary>
internal readonly record struct Rouge(double One, double Two, double L)
{
    public static Rouge Of(string candidate, string reference)
    {
        var (found, wanted) = (Words(candidate), Words(reference));
        return new Rouge(Overlap(found, wanted), Overlap(Pairs(found), Pairs(wanted)), F1(CommonSubsequence(found, wanted), found.Count, wanted.Count));
    }

    public static Rouge Mean(IReadOnlyCollection<Rouge> all) => new(all.Average(rouge => rouge.One), all.Average(rouge => rouge.Two), all.Average(rouge => rouge.L));

    public override string ToString() => FormattableString.Invariant($"ROUGE-1 {One:F2}  ROUGE-2 {Two:F2}  ROUGE-L {L:F2}");

    private static List<string> Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var character in text + " ")
        {
            if (char.IsLetterOrDigit(character))
            {
                word.Append(char.ToLowerInvariant(character));
            }
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }

        return words;
    }

    private static List<string> Pairs(List<string> words) => [.. words.Zip(words.Skip(1), (first, second) => $"{first} {second}")];

    private static double Overlap(List<string> found, List<string> wanted)
    {
        var left = wanted.CountBy(word => word).ToDictionary();
        var shared = found.CountBy(word => word).Sum(pair => Math.Min(pair.Value, left.GetValueOrDefault(pair.Key)));
        return F1(shared, found.Count, wanted.Count);
    }

    private static int CommonSubsequence(List<string> found, List<string> wanted)
    {
        var lengths = new int[wanted.Count + 1];
        foreach (var word in found)
        {
            var diagonal = 0;
            for (var index = 1; index < lengths.Length; index++)
                (diagonal, lengths[index]) = (lengths[index], word == wanted[index - 1] ? diagonal + 1 : Math.Max(lengths[index], lengths[index - 1]));
        }

        return lengths[^1];
    }

    private static double F1(int shared, int found, int wanted) => shared == 0 ? 0 : 200.0 * shared / (found + wanted);
}
