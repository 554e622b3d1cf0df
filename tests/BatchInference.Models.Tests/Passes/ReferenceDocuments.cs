using System.Text.Json;
using BatchInference.Models.Tokens;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Passes;

/// <summary>The three documents of <c>reference.json</c> with what the reference implementation says of them.</summary>
internal sealed record ReferenceDocument(string Name, string Text, IReadOnlyList<TextRange> Sentences, int[] Ids, int[] Tokens, IReadOnlyDictionary<string, ReferenceAnswer> Answers)
{
    private static readonly JsonElement Json = JsonDocument.Parse(File.ReadAllBytes(Repository.At("tests/fixtures/multilingual-e5-small/reference.json"))).RootElement;

    public static int[] Prefix { get; } = Numbers<int>(Json.GetProperty("prefix_ids"));

    public static IReadOnlyList<ReferenceDocument> All { get; } =
    [
        .. Json.GetProperty("documents").EnumerateArray().Select(document => new ReferenceDocument(
            document.GetProperty("name").GetString()!,
            document.GetProperty("text").GetString()!,
            [.. document.GetProperty("sentences").EnumerateArray().Select(range => new TextRange(range[0].GetInt32(), range[1].GetInt32()))],
            Numbers<int>(document.GetProperty("input_ids")),
            Numbers<int>(document.GetProperty("token_counts")),
            new[] { "fp32", "int8", "q4" }.ToDictionary(variant => variant, variant => new ReferenceAnswer(
                Numbers<float>(document.GetProperty(variant).GetProperty("document")),
                Numbers<float>(document.GetProperty(variant).GetProperty("sentence_norms")),
                Numbers<float>(document.GetProperty(variant).GetProperty("summary_scores")))))),
    ];

    private static T[] Numbers<T>(JsonElement array) => array.Deserialize<T[]>()!;
}

/// <summary>The normalised document vector, the lengths of the sentence vectors, the scores of the sentences.</summary>
internal sealed record ReferenceAnswer(float[] Document, float[] SentenceNorms, float[] Scores);
