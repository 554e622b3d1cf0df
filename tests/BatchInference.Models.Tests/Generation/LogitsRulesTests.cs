using System.Text.Json;
using BatchInference.Models.Generation;
using BatchInference.Models.Generation.Rules;

namespace BatchInference.Models.Tests.Generation;

/// <summary>Settings over settings, and what they do to the scores of a row: of what the fixtures' runs have no example.</summary>
public sealed class LogitsRulesTests
{
    [Theory]
    [InlineData("""{ "min_length": 10 }""", """{}""", 2, true)]
    [InlineData("""{ "min_length": 10 }""", """{ "min_new_tokens": 0 }""", 2, false)]
    [InlineData("""{ "min_length": 10 }""", """{ "min_new_tokens": 2 }""", 2, true)]
    [InlineData("""{ "min_length": 10 }""", """{ "min_new_tokens": 2 }""", 3, false)]
    [InlineData("""{ "min_new_tokens": 0 }""", """{ "min_length": 10 }""", 2, false)]
    public void ALeastCountOfNewTokensReplacesTheLeastLength(string model, string task, int length, bool forbidden)
    {
        float[] scores = [1, 2, 3];

        Rules(model, task).Apply(new RowSoFar([.. Enumerable.Repeat(1, length)], 1, [1]), scores);

        scores.ShouldBe([1, 2, forbidden ? float.NegativeInfinity : 3]);
    }

    [Fact]
    public void ProbabilitiesSumToOneBehindAllOtherRulesWhereTheModelWantsIt()
    {
        // torch.log_softmax of [1, 3, -inf] (Helsinki-NLP's models forbid their padding so).
        const string marian = """{ "bad_words_ids": [[2]], "eos_token_id": 0, "renormalize_logits": true }""";
        float[] scores = [1, 3, 9];

        Rules(marian).Apply(new RowSoFar([1], 1, [1]), scores);

        scores[0].ShouldBe(-2.126928f, 1e-6);
        scores[1].ShouldBe(-0.126928f, 1e-6);
        scores[2].ShouldBe(float.NegativeInfinity);
    }

    [Fact]
    public void TemperatureAndForbiddenTokensComeBeforeTheNormalization()
    {
        float[] scores = [1, 3, 9];

        Rules("""{ "do_sample": true, "temperature": 2.0, "top_k": 2, "renormalize_logits": true }""").Apply(new RowSoFar([1], 1, [1]), scores);

        // torch.log_softmax of [-inf, 1.5, 4.5].
        scores[0].ShouldBe(float.NegativeInfinity);
        scores[1].ShouldBe(-3.048587f, 1e-6);
        scores[2].ShouldBe(-0.048587f, 1e-6);
    }

    [Fact]
    public void ABeamPaysNothingForWhatIsForbiddenWhereProbabilitiesSumToOneAgain()
    {
        var settings = new GenerationSettings { EndTokens = [50], MaxNewTokens = 3, Beams = 2, SuppressTokens = [11, 12, 13] };

        // Without the best ways on all that are left are equal.
        Best(settings).ShouldBeLessThan(-6);
        Best(settings with { RenormalizeLogits = true }).ShouldBeGreaterThan(-2);

        static float Best(GenerationSettings settings) => new GenerationLoop(new ScriptedModel(), settings).Generate([new GenerationRow([10])], null, CancellationToken.None)[0][0].Score!.Value;
    }

    private static LogitsRules Rules(params string[] json) => new(json.Aggregate(new GenerationSettings { EndTokens = [2] }, (settings, next) => GenerationSettingsFile.Apply(settings, JsonDocument.Parse(next).RootElement, "test")));
}
