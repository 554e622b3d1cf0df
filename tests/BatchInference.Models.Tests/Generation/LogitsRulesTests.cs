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

    private static LogitsRules Rules(params string[] json) => new(json.Aggregate(new GenerationSettings { EndTokens = [2] }, (settings, next) => GenerationSettingsFile.Apply(settings, JsonDocument.Parse(next).RootElement, "test")));
}
