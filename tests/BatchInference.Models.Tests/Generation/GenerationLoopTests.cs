using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tokens;

namespace BatchInference.Models.Tests.Generation;

/// <summary>What the loop asks of a model, and when it stops asking.</summary>
public sealed class GenerationLoopTests
{
    private const int End = 50;
    private static readonly GenerationSettings Settings = new() { EndTokens = [End], MaxNewTokens = 10 };

    [Fact]
    public void AFinishedRowCostsNothingMore()
    {
        var model = new ScriptedModel();

        var results = Generate(model, Settings, 48, 10, 45, 49);

        results.Select(ids => ids.Length).ShouldBe([2, 10, 5, 1]);
        // 49 ends with its first token, 48 with its second, 45 with its fifth; 10 goes on to the greatest length.
        model.Stepped.ShouldBe([3, 2, 2, 2, 1, 1, 1, 1, 1]);
    }

    [Fact]
    public void AFinishedBeamSearchCostsNothingMore()
    {
        var model = new ScriptedModel();

        Generate(model, Settings with { Beams = 2, EarlyStopping = EarlyStopping.WhenFull }, 48, 10);

        model.Stepped[0].ShouldBe(4);
        model.Stepped[^1].ShouldBe(2);
        model.Stepped.ShouldBe(model.Stepped.OrderDescending());
    }

    [Fact]
    public void NoRowGrowsBeyondWhatTheModelCanRead()
    {
        Generate(new ScriptedModel { Limit = 4 }, Settings with { MaxNewTokens = 1000 }, 10)[0].ShouldBe([11, 12, 13]);
        Generate(new ScriptedModel { Limit = 1 }, Settings with { MaxNewTokens = 1000 }, 10)[0].ShouldBe([11]);
        Should.Throw<ArgumentException>(() => new GenerationLoop(new ScriptedModel { Limit = 2 }, Settings).Generate([new GenerationRow([1, 2, 3])], null, CancellationToken.None)).Message
            .ShouldStartWith("A prompt or source has 3 tokens, the model reads 2.");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(ScriptedModel.Size)]
    public void IdsThatTheModelDoesNotHaveAreRefused(int id) =>
        Should.Throw<ArgumentException>(() => Generate(new ScriptedModel(), Settings, id)).Message.ShouldContain("the model has 0 to 99. Tokenizer and model do not belong together.");

    [Fact]
    public void SettingsThatNameTokensOfAnotherModelAreRefused() =>
        Should.Throw<ModelException>(() => new GenerationLoop(new ScriptedModel(), Settings with { ForcedLastTokens = [1, 100] })).Message
            .ShouldBe("Expected `forced_eos_token_id` as a token that the model has, 0 to 99, found 100. Settings and model do not belong together; restore generation_config.json from where the model came.");

    [Fact]
    public void AnEmptyPromptIsRefused() =>
        Should.Throw<ArgumentException>(() => new GenerationLoop(new ScriptedModel(), Settings).Generate([new GenerationRow([])], null, CancellationToken.None));

    [Fact]
    public void ABatchThatDoesNotFitIsHalvedAndTheSizeThatFittedIsRemembered()
    {
        var model = new ScriptedModel { MostRows = 2 };

        Generate(model, Settings, 1, 2, 3, 4, 5, 6, 7).Select(ids => ids[0]).ShouldBe([2, 3, 4, 5, 6, 7, 8]);
        model.Begun.ShouldBe([7, 3, 1, 1, 1, 1, 1, 1, 1]);

        model.Begun.Clear();
        Generate(model, Settings, 1, 2);
        model.Begun.ShouldBe([1, 1]);
    }

    [Fact]
    public void ARowThatDoesNotFitAloneIsAnError() => Should.Throw<DeviceMemoryException>(() => Generate(new ScriptedModel { MostRows = 0 }, Settings, 1, 2));

    [Fact]
    public void AStopIsHeardWithinOneStep()
    {
        using var stop = new CancellationTokenSource();
        var model = new ScriptedModel { OnStep = stop.Cancel };

        Should.Throw<OperationCanceledException>(() => new GenerationLoop(model, Settings).Generate([new GenerationRow([1])], null, stop.Token));
        model.Stepped.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("t5", "ministre")]
    [InlineData("pegasus", "présenté")]
    [InlineData("qwen2", "ministre")]
    [InlineData("llama", "é")]
    [InlineData("mistral", "日")]
    public void AStopStringIsFoundAcrossTheBordersOfTokens(string name, string stop)
    {
        var tokenizer = Tokenizer.Load(new Fixture(name).Folder.Path);
        var tokens = new TokenBuffer();
        tokenizer.Encode("Le premier ministre a présenté 日本 un plan au ministère de l'intérieur.", tokens);
        var whole = tokens.Ids.ToArray();
        var check = new StopStrings([stop], tokenizer).Check!;

        // Ends with the first token that completes it, as the whole text tells, and not sooner.
        var first = Enumerable.Range(1, whole.Length).First(count => tokenizer.Decode(whole.AsSpan(0, count), skipSpecialTokens: false).Contains(stop, StringComparison.Ordinal));
        Enumerable.Range(1, whole.Length).First(count => check(whole.AsSpan(0, count))).ShouldBe(first);
        first.ShouldBeGreaterThan(1);
    }

    [Fact]
    public void ARowEndsWithTheTokenThatCompletesAStopString()
    {
        var results = new GenerationLoop(new ScriptedModel(), Settings).Generate([new GenerationRow([1]), new GenerationRow([20])], ids => ids.EndsWith([4, 5]), CancellationToken.None);

        results[0][0].Ids.ShouldBe([2, 3, 4, 5]);
        results[0][0].Ended.ShouldBeTrue();
        results[1][0].Ids.Length.ShouldBe(10);
        results[1][0].Ended.ShouldBeFalse();
    }

    [Theory]
    [InlineData("qwen2")]
    [InlineData("bart")]
    public void ChanceRepeatsWithItsSeedAndOnlyWithIt(string name)
    {
        using var model = GeneratingModelFiles.Load(new Fixture(name).Folder, "", Fixture.Options);
        var settings = new GenerationSettings { Sample = true, TopK = 0, Temperature = 1.5, MaxNewTokens = 12, ReturnSequences = 3, DecoderStartToken = 2 };
        GenerationRow[] rows = [new([20, 21, 22]), new([30, 31])];

        int[][] Draw(ulong seed) => [.. new GenerationLoop(model, settings with { Seed = seed }).Generate(rows, null, CancellationToken.None).SelectMany(sequences => sequences).Select(sequence => sequence.Ids)];

        var first = Draw(7);
        Draw(7).ShouldBe(first);
        Draw(8).ShouldNotBe(first);
        first.Select(ids => string.Join(' ', ids)).Distinct().Count().ShouldBe(6);
    }

    [Fact]
    public void DrawsHaveTheProbabilitiesOfTheScores()
    {
        // Chi-squared with three degrees of freedom stays below 16.3 but once in a thousand seeds; the seed is fixed.
        float[] scores = [MathF.Log(0.5f), MathF.Log(0.3f), float.NegativeInfinity, MathF.Log(0.15f), MathF.Log(0.05f)];
        var chance = new TokenChance(3, [1, 2], 0);
        var counts = new int[scores.Length];
        const int draws = 20_000;
        for (var draw = 0; draw < draws; draw++)
            counts[chance.Draw(scores)]++;

        counts[2].ShouldBe(0);
        new[] { 0, 1, 3, 4 }.Sum(token => Math.Pow(counts[token] - draws * Math.Exp(scores[token]), 2) / (draws * Math.Exp(scores[token]))).ShouldBeLessThan(16.3);
    }

    private static int[][] Generate(ScriptedModel model, GenerationSettings settings, params int[] prompts) =>
        [.. new GenerationLoop(model, settings).Generate([.. prompts.Select(prompt => new GenerationRow([prompt]))], null, CancellationToken.None).Select(sequences => sequences[0].Ids)];
}
