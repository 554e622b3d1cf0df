using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;

namespace BatchInference.Models.Tests.Generation;

public sealed class LabelTrieTests
{
    private static readonly GenerationRow[] Prompts = [new([5, 6, 7, 8]), new([9, 10]), new([11, 12, 13])];

    [Theory]
    [InlineData("llama")]
    [InlineData("llama", 60, 70)]
    [InlineData("genai-llama-fp32")]
    [InlineData("t5")]
    public void TheScoresOfAllLabelsAreThoseOfWalkingThereAloneAndSumToOne(string name, params int[] otherEnds)
    {
        var fixture = new Fixture(name);
        using var model = GeneratingModelFiles.Load(fixture.Folder, "", Fixture.Options);
        var settings = GenerationSettingsFile.Read(fixture.Folder);
        int[] ends = [settings.EndTokens[0], .. otherEnds];
        int[][] labels = [[20, 21], [20, 21, 22], [20, 30], [40], [50, 51, 52]];
        var trie = new LabelTrie(labels, ends);
        var together = trie.Score(model, Prompts, settings, CancellationToken.None);
        for (var prompt = 0; prompt < Prompts.Length; prompt++)
        {
            together[prompt].Sum().ShouldBe(1, 1e-6);
            var alone = trie.Score(model, [Prompts[prompt]], settings, CancellationToken.None)[0];
            for (var label = 0; label < labels.Length; label++)
                alone[label].ShouldBe(together[prompt][label], 1e-5);
            var begin = Shares(model, Prompts[prompt], settings, [], [20, 40, 50]);
            var second = Shares(model, Prompts[prompt], settings, [20], [21, 30]);
            var third = Shares(model, Prompts[prompt], settings, [20, 21], [.. ends, 22]);
            double[] expected = [begin[0] * second[0] * third[..^1].Sum(), begin[0] * second[0] * third[^1], begin[0] * second[1], begin[1], begin[2]];
            for (var label = 0; label < labels.Length; label++)
                together[prompt][label].ShouldBe(expected[label], 1e-5, $"prompt {prompt}, label {label}");
        }
    }

    [Fact]
    public void APromptBecomesAsManyRowsAsTheTreeIsWideAndNoMore()
    {
        // Ten ways on behind the first token, of which the first goes on in three.
        int[][] labels = [.. Enumerable.Range(20, 10).Select(first => new[] { first, 50 }), [20, 51, 52], [20, 53, 54], [20, 50, 55], [15]];
        var trie = new LabelTrie(labels, [60]);
        var model = new ScriptedModel();

        trie.Score(model, Prompts, new GenerationSettings(), CancellationToken.None);

        trie.Width.ShouldBe(10);
        model.Stepped.ShouldBe([10 * Prompts.Length, 3 * Prompts.Length]);
        new LabelTrie([[1], [2]], [0]).Width.ShouldBe(1);
    }

    [Fact]
    public void LabelsOfTheSameTokensAreRefused() =>
        Should.Throw<ModelException>(() => new LabelTrie([[1, 2], [3], [1, 2]], [0])).Message.ShouldContain("label 3 has none, or those of label 1");

    private static double[] Shares(GeneratingModel model, GenerationRow prompt, GenerationSettings settings, int[] walked, int[] open)
    {
        using var decoding = model.Begin([prompt], settings with { MaxNewTokens = 8 }, CancellationToken.None);
        foreach (var token in walked)
            decoding.Step([token], CancellationToken.None);
        var scores = decoding.Scores(0);
        var shares = new double[open.Length];
        for (var way = 0; way < open.Length; way++)
            shares[way] = Math.Exp(scores[open[way]]);
        return [.. shares.Select(share => share / shares.Sum())];
    }
}
