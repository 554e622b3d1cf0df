using System.Globalization;
using System.Text;

namespace BatchInference.Testing;

/// <summary>
/// An archive of any size for benchmarks and kill tests: documents put together from the labelled sentences of tests/fixtures/topics, two thirds French.
/// The same seed gives the same bytes.
/// </summary>
public static class SyntheticArchive
{
    /// <summary>Writes <paramref name="count"/> documents of 1 to <paramref name="mostSentences"/> sentences into folders of 500.</summary>
    public static void Write(string folder, int count, int seed = 1, int mostSentences = 24)
    {
        var random = new Random(seed);
        var french = Sentences("fr");
        var english = Sentences("en");
        for (var number = 0; number < count; number++)
        {
            var group = Path.Combine(folder, (number / 500).ToString("D4", CultureInfo.InvariantCulture));
            if (number % 500 == 0) Directory.CreateDirectory(group);
            var sentences = random.Next(3) < 2 ? french : english;
            var text = new StringBuilder();
            // Each document has a line of its own, so that no two have the same bytes.
            text.Append(CultureInfo.InvariantCulture, $"Dossier {number}\n\n");
            for (var left = random.Next(1, mostSentences + 1); left > 0; left--)
                text.Append(sentences[random.Next(sentences.Count)]).Append(left % 5 == 0 ? "\n\n" : " ");
            File.WriteAllText(Path.Combine(group, $"{number:D6}.txt"), text.ToString().TrimEnd() + "\n");
        }
    }

    private static List<string> Sentences(string language)
    {
        // The third column of the file, quoted or not: enough for sentences, not a reader of CSV.
        var sentences = new List<string>();
        foreach (var line in File.ReadLines(Repository.At($"tests/fixtures/topics/train.{language}.csv")).Skip(1))
        {
            var comma = line.IndexOf(',', line.IndexOf(',', StringComparison.Ordinal) + 1);
            sentences.Add(line[(comma + 1)..].Trim('"').Replace("\"\"", "\"", StringComparison.Ordinal));
        }

        return sentences;
    }
}
