using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using BatchInference.Testing;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Tests.Generation;

/// <summary>Graphs whose inputs and outputs are not those that the loop knows: refused as they are loaded, by the name of what is not understood.</summary>
public sealed class UnknownGraphTests : IDisposable
{
    private const TensorElementType Number = TensorElementType.Float;
    private const TensorElementType Whole = TensorElementType.Int64;
    private readonly TempFolder temp = new();

    [Fact]
    public void ADecoderOfTheKnownInputsIsLoadedAndRuns()
    {
        using var model = Load(Decoder());

        model.Vocabulary.ShouldBe(4);
        // Each token's best successor is itself: the scores are the rows of the unit matrix.
        new GenerationLoop(model, new GenerationSettings { MaxNewTokens = 2 }).Generate([new GenerationRow([3]), new GenerationRow([1, 2])], null, CancellationToken.None)
            .Select(sequences => sequences[0].Ids).ShouldBe([[3, 3], [2, 2]]);
    }

    [Fact]
    public void AnInputThatNobodyKnowsIsNamed() =>
        Refusal(Decoder().Input("inputs_embeds", Number, "b", "s", 8).Node("Identity", ["inputs_embeds"], ["unused"])).ShouldContain("found also `inputs_embeds`.");

    [Fact]
    public void ACacheOfAnotherShapeIsNamed() =>
        Refusal(Decoder(cache: false).Input("past_key_values.0.conv", Number, "b", 8, "p").Output("present.0.conv", Number, "b", 8, "p").Node("Identity", ["past_key_values.0.conv"], ["present.0.conv"]))
            .ShouldContain("expected the input `past_key_values.0.conv` as rows × heads × positions × width of float or float16, found Float with 3 axes.");

    [Fact]
    public void ACacheOfAnotherTypeIsNamed() =>
        Refusal(Decoder(cache: false).Input("past_key_values.0.key", TensorElementType.Int8, "b", 2, "p", 4).Output("present.0.key", TensorElementType.Int8, "b", 2, "p", 4).Node("Identity", ["past_key_values.0.key"], ["present.0.key"]))
            .ShouldContain("expected the input `past_key_values.0.key` as rows × heads × positions × width of float or float16, found Int8 with 4 axes.");

    [Fact]
    public void ACacheOfUnknownSizeIsNamed() =>
        Refusal(Decoder(cache: false).Input("past_key_values.0.key", Number, "b", "h", "p", 4).Output("present.0.key", Number, "b", "h", "p", 4).Node("Identity", ["past_key_values.0.key"], ["present.0.key"]))
            .ShouldContain("expected to know heads and width of the input `past_key_values.0.key`; neither the graph nor config.json or genai_config.json tells them.");

    [Fact]
    public void ACacheThatDoesNotComeBackIsNamed() =>
        Refusal(Decoder().Input("past_key_values.1.key", Number, "b", 2, "p", 4).Node("Identity", ["past_key_values.1.key"], ["unused"])).ShouldContain("`past_key_values.1.key`");

    [Fact]
    public void ADecoderWithoutCacheIsRefusedWithTheExportThatHasOne() => Refusal(Decoder(cache: false)).ShouldContain("Export it with its cache (optimum: text-generation-with-past).");

    [Fact]
    public void IdsThatAreNoWholeNumbersAreNamed() =>
        Refusal(new OnnxFile().Input("input_ids", Number, "b", "s").Output("logits", Number, "b", "s").Node("Identity", ["input_ids"], ["logits"]))
            .ShouldContain("expected the input `input_ids` as whole numbers (int64 or int32), found Float [any × any].");

    [Fact]
    public void ScoresOfAnotherTypeAreNamed() =>
        Refusal(Cache(new OnnxFile().Input("input_ids", Whole, "b", "s").Output("logits", Whole, "b", "s").Node("Identity", ["input_ids"], ["logits"])))
            .ShouldContain("expected the output `logits` as rows × positions × vocabulary of float or float16, found `logits`, `present.0.key`");

    [Fact]
    public void AnEncoderThatGivesNoStatesIsNamed()
    {
        File.Copy(new Fixture("bart").Folder.At("decoder_model_merged.onnx"), temp["decoder_model_merged.onnx"]);
        new OnnxFile().Input("input_ids", Whole, "b", "s").Input("attention_mask", Whole, "b", "s").Output("pooled", Whole, "b", "s").Node("Add", ["input_ids", "attention_mask"], ["pooled"]).Save(temp["encoder_model.onnx"]);

        Should.Throw<ModelException>(() => GeneratingModelFiles.Load(ModelFolder.OpenUnpinned(temp), "", Fixture.Options)).Message.ShouldContain("expected the output `last_hidden_state`, found `pooled`.");
    }

    [Fact]
    public void ADecoderInPlaceOfASourcesDecoderIsRefused()
    {
        File.Copy(new Fixture("bart").Folder.At("encoder_model.onnx"), temp["encoder_model.onnx"]);
        Decoder().Save(temp["decoder_model_merged.onnx"]);

        Should.Throw<ModelException>(() => GeneratingModelFiles.Load(ModelFolder.OpenUnpinned(temp), "", Fixture.Options)).Message.ShouldContain("expected a decoder with the inputs `past_key_values.*.decoder.*` and `past_key_values.*.encoder.*`");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void ScoresThatAreNoFiniteNumbersAreToldWhereTheyComeAndNotWritten(float score)
    {
        using var model = Load(Decoder(last: score));
        var settings = new GenerationSettings { MaxNewTokens = 2 };

        // The third token's scores are broken: it is read first, or comes to be written.
        Should.Throw<InvalidDataException>(() => new GenerationLoop(model, settings).Generate([new GenerationRow([1]), new GenerationRow([3])], null, CancellationToken.None)).Message.ShouldBe("The model gave scores that are not finite numbers.");
        Should.Throw<InvalidDataException>(() => new LabelTrie([[3, 1], [3, 2]], [0]).Score(model, [new GenerationRow([1])], settings, CancellationToken.None)).Message.ShouldBe("The model gave scores that are not finite numbers.");
        new GenerationLoop(model, settings).Generate([new GenerationRow([1])], null, CancellationToken.None)[0][0].Ids.ShouldBe([1, 1]);
    }

    [Fact]
    public void AGraphMayForbidTokens()
    {
        using var model = Load(Decoder(last: float.NegativeInfinity));

        new GenerationLoop(model, new GenerationSettings { MaxNewTokens = 1 }).Generate([new GenerationRow([3])], null, CancellationToken.None)[0][0].Ids.ShouldBe([0]);
    }

    public void Dispose() => temp.Dispose();

    private static OnnxFile Decoder(bool cache = true, float last = 1)
    {
        var graph = new OnnxFile().Input("input_ids", Whole, "b", "s").Output("logits", Number, "b", "s", 4)
            .Weights<float>("table", Number, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, last], 4, 4).Node("Gather", ["table", "input_ids"], ["logits"]);
        return cache ? Cache(graph) : graph;
    }

    private static OnnxFile Cache(OnnxFile graph) =>
        graph.Input("past_key_values.0.key", Number, "b", 2, "p", 4).Output("present.0.key", Number, "b", 2, "p", 4).Node("Identity", ["past_key_values.0.key"], ["present.0.key"]);

    private string Refusal(OnnxFile graph)
    {
        var error = Should.Throw<ModelException>(() => Load(graph));
        error.Message.ShouldStartWith(temp["model.onnx"]);
        return error.Message;
    }

    private GeneratingModel Load(OnnxFile graph)
    {
        graph.Save(temp["model.onnx"]);
        return GeneratingModelFiles.Load(ModelFolder.OpenUnpinned(temp), "", Fixture.Options);
    }
}
