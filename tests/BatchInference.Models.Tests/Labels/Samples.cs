using BatchInference.Models.Labels;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Labels;

/// <summary>Makers of label sets, examples and a model whose vectors are written in the texts themselves.</summary>
internal static class Samples
{
    public const string Described = """
        {
          // Two labels and where their descriptions point.
          "title": { "fr": "Essai", "en": "Trial" },
          "labels": [
            { "name": "first", "descriptions": { "en": ["1 0 0 0.1", "0.9 0.1 0 0"], "fr": "1 0 0.1 0" } },
            { "name": "second", "descriptions": { "en": ["0 1 0 0"], }, },
          ],
        }
        """;

    public const string Bare = """{ "labels": [ { "name": "first" }, { "name": "second" } ] }""";

    /// <summary>Reads a text as its vector: numbers with blanks between.</summary>
    public static TextEncoder Encoder(string model = "numbers/plain", string fingerprint = "0123456789abcdef", Action<string>? seen = null) =>
        new(model, fingerprint, (texts, _) => [.. texts.Select(text =>
        {
            seen?.Invoke(text);
            return text.Split(' ').Select(number => float.Parse(number, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        })]);

    public static LabelSet Set(TempFolder folder, string json = Described, string name = "trial")
    {
        folder.Write($"{name}/{LabelSet.FileName}", json);
        return LabelSet.Load(folder[name]);
    }

    /// <summary>Vectors around the axis of their label, with noise that is the same in each run.</summary>
    public static Example[] Around(string label, int axis, int count, double noise = 0.4, int seed = 1, int width = 4)
    {
        var state = (ulong)((seed * 7919) + axis + 1);
        return [.. Enumerable.Range(0, count).Select(_ => new Example(string.Join(' ', Enumerable.Range(0, width).Select(j => Number((j == axis ? 1 : 0) + (noise * Next())))), label))];

        double Next()
        {
            state = (state * 6364136223846793005UL) + 1442695040888963407UL;
            return ((state >> 33) / (double)(1UL << 30)) - 1;
        }
    }

    public static string Number(double value) => value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
}
