using System.Text.Json;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tests.Generation;
using BatchInference.Models.Tokens;
using BatchInference.Testing;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Tests.Tasks;

public sealed class ClassificationConformanceTests
{
    public static TheoryData<string> Models => [.. Fixture.Having("classification")];

    [Theory]
    [MemberData(nameof(Models))]
    public void PairsGiveTheReferenceLogitsInCompanyAndAlone(string name)
    {
        var fixture = new Fixture(name);
        var expected = fixture.Expected.GetProperty("classification");
        var tokens = fixture.Expected.GetProperty("tokenization").GetProperty("pairs").EnumerateArray().ToArray();
        // The pairs that were classified are the last five and the first.
        (int[], int[]?)[] rows = [.. tokens[^5..].Append(tokens[0]).Select(row => (Fixture.Ints(row.GetProperty("ids")), row.TryGetProperty("types", out var types) ? Fixture.Ints(types) : null))];
        var config = fixture.Folder.Json("config.json")!.Value;
        var logits = expected.GetProperty("pairs_logits").EnumerateArray().Select(Fixture.Floats).ToArray();
        using var model = SequenceClassifierModel.Load(fixture.Folder.At("model.onnx"), logits[0].Length, config.GetProperty("vocab_size").GetInt32(), config.GetProperty("pad_token_id").GetInt32(), Fixture.Options);
        var together = model.Run(rows, CancellationToken.None);
        for (var row = 0; row < rows.Length; row++)
        {
            var alone = model.Run([rows[row]], CancellationToken.None)[0];
            for (var label = 0; label < logits[row].Length; label++)
            {
                together[row][label].ShouldBe(logits[row][label], 1e-4, $"{name}, pair {row}");
                alone[label].ShouldBe(together[row][label], 1e-5, $"{name}, pair {row}");
            }
        }
    }

    // A graph may leave open how many labels it has: this one gives as many scores as a row has tokens, and, divided by zero, none that is a number.
    [Fact]
    public void ScoresThatAreTooFewOrNoNumbersAreNoAnswer()
    {
        using var folder = new TempFolder();
        OnnxFile Graph() => new OnnxFile().Input("input_ids", TensorElementType.Int64, "rows", "length").Output("logits", TensorElementType.Float, "rows", "labels").Node("Cast", ["input_ids"], ["ids"], ("to", (int)TensorElementType.Float));
        var path = Graph().Node("Identity", ["ids"], ["logits"]).Save(folder["model.onnx"]);
        var rows = new (int[], int[]?)[] { ([0, 5, 2], null), ([0, 7, 2], null) };
        using (var whole = SequenceClassifierModel.Load(path, 3, 300, 1, Fixture.Options))
            whole.Run(rows, CancellationToken.None).ShouldBe([[0, 5, 2], [0, 7, 2]]);
        using (var fewer = SequenceClassifierModel.Load(path, 4, 300, 1, Fixture.Options))
            Should.Throw<ModelException>(() => fewer.Run(rows, CancellationToken.None)).Message.ShouldStartWith("The graph gave 6 scores for 2 rows, expected 4 a row.");
        using var mute = SequenceClassifierModel.Load(Graph().Weights<float>("zero", TensorElementType.Float, [0]).Node("Div", ["ids", "zero"], ["logits"]).Save(folder["mute.onnx"]), 3, 300, 1, Fixture.Options);
        Should.Throw<InvalidDataException>(() => mute.Run(rows, CancellationToken.None)).Message.ShouldBe("The model gave scores that are not finite numbers.");
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void LogitsBecomeTheScoresOfThePipeline(string name)
    {
        var fixture = new Fixture(name);
        var expected = fixture.Expected.GetProperty("classification");
        var labels = fixture.Folder.Json("config.json")!.Value.TryGetProperty("id2label", out var map) ? map.EnumerateObject().ToDictionary(entry => entry.Value.GetString()!, entry => int.Parse(entry.Name, System.Globalization.CultureInfo.InvariantCulture)) : new() { ["LABEL_0"] = 0 };
        var rows = expected.GetProperty("logits_torch").EnumerateArray().Select(Fixture.Floats).ToArray();
        var problem = expected.GetProperty("problem_type").ValueKind == JsonValueKind.String ? expected.GetProperty("problem_type").GetString() : null;
        Same(LabelScores.RuleOf(problem, rows[0].Length), expected.GetProperty("pipeline_top_k_none").EnumerateArray().Select(row => row.EnumerateArray().ToArray()).ToArray());
        foreach (var (rule, key) in new[] { (ScoreRule.Raw, "none"), (ScoreRule.Sigmoid, "sigmoid"), (ScoreRule.Softmax, "softmax") })
            Same(rule, expected.GetProperty("pipeline_function").GetProperty(key).EnumerateArray().Select(best => new[] { best }).ToArray());

        void Same(ScoreRule rule, JsonElement[][] pipeline)
        {
            for (var row = 0; row < rows.Length; row++)
                foreach (var entry in pipeline[row])
                    LabelScores.Of(rule, rows[row])[labels[entry[0].GetString()!]].ShouldBe(entry[1].GetSingle(), 1e-5, $"{name}, text {row}, {rule}");
        }
    }

    [Theory]
    [InlineData("model_quantized.onnx", 5e-2)]
    [InlineData("model_q4.onnx", 5e-2)]
    [InlineData("model_q8.onnx", 5e-2)]
    [InlineData("model_fp16.onnx", 2e-2)]
    [InlineData("model_fp16_output.onnx", 2e-2)]
    public void EveryVariantGivesItsReferenceLogits(string file, double tolerance)
    {
        var fixture = new Fixture("bert-variants");
        var logits = fixture.Expected.GetProperty("files").GetProperty(file).GetProperty("logits").EnumerateArray().Select(Fixture.Floats).ToArray();
        var config = fixture.Folder.Json("config.json")!.Value;
        var tokenizer = Tokenizer.Load(fixture.Folder.Path);
        (int[], int[]?)[] rows = [.. fixture.Expected.GetProperty("texts").EnumerateArray().Select(text => (tokenizer.EncodeWithTemplate(text.GetString()!, recognizeSpecialTokens: true).Ids.ToArray(), (int[]?)null))];
        using var model = SequenceClassifierModel.Load(fixture.Folder.At($"onnx/{file}"), logits[0].Length, config.GetProperty("vocab_size").GetInt32(), config.GetProperty("pad_token_id").GetInt32(), Fixture.Options with { Together = true });
        // As the reference ran them.
        var together = model.Run(rows, CancellationToken.None);
        for (var row = 0; row < logits.Length; row++)
            for (var label = 0; label < logits[row].Length; label++)
                together[row][label].ShouldBe(logits[row][label], tolerance, $"{file}, text {row}");
    }

    [Theory]
    [InlineData("single_label_classification", 1, "Sigmoid")]
    [InlineData(null, 1, "Sigmoid")]
    [InlineData("regression", 1, "Raw")]
    [InlineData("single_label_classification", 2, "Softmax")]
    public void ASingleLabelHasAScoreOfItsOwnUnlessItIsANumber(string? problem, int labels, string rule) => LabelScores.RuleOf(problem, labels).ToString().ShouldBe(rule);

    [Fact]
    public void LongDocumentsAreTheMeanOfTheirWindowsByTokens() =>
        LabelScores.Mean([([1, 5], 30), ([4, 2], 10), ([100, 100], 0)]).ShouldBe([(1 * 30 + 4 * 10 + 100) / 41f, (5 * 30 + 2 * 10 + 100) / 41f]);

    [Fact]
    public void ZeroShotWeighsLabelsAgainstEachOtherOrEachAgainstContradiction()
    {
        float[][] logits = [[2, 0, 1], [1, 0, 3]];
        LabelScores.ZeroShot(logits, 0, several: false)[0].ShouldBe(1 / (1 + MathF.Exp(-1)), 1e-6);
        LabelScores.ZeroShot(logits, 0, several: true)[1].ShouldBe(1 / (1 + MathF.Exp(2)), 1e-6);
        LabelScores.ZeroShot(logits, 2, several: true)[1].ShouldBe(1 / (1 + MathF.Exp(-2)), 1e-6);
    }
}
