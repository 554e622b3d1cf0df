using System.Text.Json;
using BatchInference.Models.Generation;
using BatchInference.Models.Generation.Rules;

namespace BatchInference.Models.Tests.Generation;

/// <summary>Every run of every fixture against transformers: ids exactly, beam scores within 1e-4 (relative above 1).</summary>
public sealed class GenerationConformanceTests
{
    public static TheoryData<string> Models => [.. Fixture.Having("generation")];

    [Theory]
    [MemberData(nameof(Models))]
    public void EveryRunGivesTheReferenceSequencesAndScores(string name)
    {
        var fixture = new Fixture(name);
        var expected = fixture.Expected.GetProperty("generation");
        var encoderDecoder = expected.TryGetProperty("decoder_start_token_id", out _);
        using var model = GeneratingModelFiles.Load(fixture.Folder, "", Fixture.Options);
        var rows = Rows(expected);
        var problems = new List<string>();
        foreach (var run in expected.GetProperty("runs").EnumerateObject())
        {
            var settings = Settings(fixture, expected, run);
            var results = new GenerationLoop(model, settings).Generate(rows, null, CancellationToken.None).SelectMany(sequences => sequences).ToList();
            problems.AddRange(Compare(run, results, settings, encoderDecoder ? 1 : 0));
        }

        problems.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void ChanceFollowsTheReferenceDistributions(string name)
    {
        var sampling = new Fixture(name).Expected.GetProperty("generation").GetProperty("sampling");
        var logits = Fixture.Floats(sampling.GetProperty("logits"));
        foreach (var distribution in sampling.GetProperty("distributions").EnumerateObject())
        {
            var scores = logits.ToArray();
            new LogitsRules(Warpers(distribution.Name)).Apply(new RowSoFar([0], 1, [0]), scores);
            var shares = new float[scores.Length];
            System.Numerics.Tensors.TensorPrimitives.SoftMax<float>(scores, shares);
            var expected = distribution.Value.EnumerateObject().ToDictionary(entry => int.Parse(entry.Name, System.Globalization.CultureInfo.InvariantCulture), entry => entry.Value.GetSingle());
            for (var token = 0; token < shares.Length; token++)
                shares[token].ShouldBe(expected.GetValueOrDefault(token), 1e-5, $"{name}, {distribution.Name}, token {token}");
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void ARowSaysInCompanyWhatItSaysAlone(string name)
    {
        var fixture = new Fixture(name);
        var expected = fixture.Expected.GetProperty("generation");
        using var model = GeneratingModelFiles.Load(fixture.Folder, "", Fixture.Options);
        var encoderDecoder = expected.TryGetProperty("decoder_start_token_id", out _);
        var prompts = Rows(expected).Select(row => new GenerationRow(encoderDecoder ? row.Ids[..^row.Filling] : row.Ids[row.Filling..])).ToArray();
        var many = prompts.Concat(prompts.Reverse()).ToArray();
        foreach (var settings in new[] { "{}", "{\"num_beams\": 3}", "{\"do_sample\": true, \"seed\": 7}", "{\"repetition_penalty\": 1.3, \"no_repeat_ngram_size\": 2}" }
            .Select(options => GenerationSettingsFile.Apply(Neutral(expected) with { MaxNewTokens = 12 }, JsonDocument.Parse(options).RootElement, "test")))
        {
            var loop = new GenerationLoop(model, settings);
            var alone = prompts.Select(prompt => loop.Generate([prompt], null, CancellationToken.None)[0][0]).ToArray();
            foreach (var company in new[] { prompts[..3], [.. many.Reverse().Take(8)], many })
            {
                var together = loop.Generate(company, null, CancellationToken.None);
                for (var row = 0; row < company.Length; row++)
                {
                    var own = alone[Array.FindIndex(prompts, prompt => ReferenceEquals(prompt.Ids, company[row].Ids))];
                    together[row][0].Ids.ShouldBe(own.Ids);
                    (together[row][0].Score ?? 0).ShouldBe(own.Score ?? 0, 1e-5);
                }
            }
        }
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gemma2")]
    [InlineData("gpt2")]
    [InlineData("genai-llama-fp32")]
    public void APromptOfManyPiecesSaysInCompanyOfAShortOneWhatItSaysAlone(string name)
    {
        using var model = GeneratingModelFiles.Load(new Fixture(name).Folder, "", Fixture.Options);
        var loop = new GenerationLoop(model, new GenerationSettings { MaxNewTokens = 8 });
        GenerationRow[] rows = [.. new[] { 3, DecoderModel.MostPiece + 20, 1 }.Select(length => new GenerationRow([.. Enumerable.Range(0, length).Select(index => 5 + index * 37 % 900)]))];

        var together = loop.Generate(rows, null, CancellationToken.None);

        for (var row = 0; row < rows.Length; row++)
            together[row][0].Ids.ShouldBe(loop.Generate([rows[row]], null, CancellationToken.None)[0][0].Ids, $"row {row}");
    }

    [Fact]
    public void ACacheInPlaceGrowsWhenItsRoomIsUsedUp()
    {
        using var model = GeneratingModelFiles.Load(new Fixture("genai-llama-fp32").Folder, "", Fixture.Options);
        int[] prompt = [20, 21, 22];

        // 256 new tokens have room at first. What is read again as a prompt must say what the grown cache says.
        var made = new GenerationLoop(model, new GenerationSettings { MaxNewTokens = 450 }).Generate([new GenerationRow(prompt), new GenerationRow([30, 31, 32, 33])], null, CancellationToken.None)[0][0].Ids;
        made.Length.ShouldBe(450);
        foreach (var done in new[] { 200, 256, 300, 420 })
            new GenerationLoop(model, new GenerationSettings { MaxNewTokens = 20 }).Generate([new GenerationRow([.. prompt, .. made[..done]])], null, CancellationToken.None)[0][0].Ids.ShouldBe(made[done..(done + 20)], $"after {done}");
    }

    [Theory]
    [InlineData("genai-llama-fp32")]
    [InlineData("genai-llama-int4")]
    [InlineData("genai-deepseek-r1-fp32")]
    [InlineData("genai-deepseek-r1-int4")]
    public void TheGenAiLayoutGivesTheReferenceSequencesInCompany(string name)
    {
        var fixture = new Fixture(name);
        var settings = GenerationSettingsFile.Read(fixture.Folder) with { Sample = false, MaxNewTokens = fixture.Expected.GetProperty("max_new_tokens").GetInt32() };
        var prompts = fixture.Expected.GetProperty("input_ids").EnumerateArray().Select(ids => new GenerationRow(Fixture.Ints(ids))).ToArray();
        using var model = GeneratingModelFiles.Load(fixture.Folder, "", Fixture.Options);
        var loop = new GenerationLoop(model, settings);
        var together = loop.Generate(prompts, null, CancellationToken.None);
        var expected = fixture.Expected.GetProperty("greedy_onnxruntime").EnumerateArray().ToArray();
        // Where a near tie on the way would make the ids depend on the processor, the reference has null.
        for (var row = 0; row < prompts.Length; row++)
            if (expected[row].ValueKind == JsonValueKind.Array)
            {
                together[row][0].Ids.ShouldBe(Fixture.Ints(expected[row]), $"{name}, row {row}");
                loop.Generate([prompts[row]], null, CancellationToken.None)[0][0].Ids.ShouldBe(Fixture.Ints(expected[row]));
            }

        var first = Fixture.Floats(fixture.Expected.GetProperty("first_logits_of_prompt_0"));
        using var decoding = model.Begin([prompts[0]], settings, CancellationToken.None);
        var scores = decoding.Scores(0);
        for (var token = 0; token < first.Length; token++)
            scores[token].ShouldBe(first[token], name.EndsWith("fp32", StringComparison.Ordinal) ? 1e-4 : 5e-2);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("genai-llama-fp32")]
    public void APromptReadInPiecesGivesTheScoresOfTheSameTokensOneByOne(string name)
    {
        var fixture = new Fixture(name);
        var settings = new GenerationSettings { MaxNewTokens = 400 };
        using var model = GeneratingModelFiles.Load(fixture.Folder, "", Fixture.Options);
        int[] prompt = [.. Enumerable.Range(0, 2 * DecoderModel.MostPiece + 7).Select(index => index * 37 % 1400)];
        using var whole = model.Begin([new GenerationRow(prompt)], settings, CancellationToken.None);
        using var steps = model.Begin([new GenerationRow(prompt[..1])], settings, CancellationToken.None);
        foreach (var token in prompt[1..])
            steps.Step([token], CancellationToken.None);
        for (var token = 0; token < model.Vocabulary; token++)
            whole.Scores(0)[token].ShouldBe(steps.Scores(0)[token], 1e-3);
    }

    private static GenerationRow[] Rows(JsonElement expected) =>
        [.. expected.GetProperty("input_ids").EnumerateArray().Zip(expected.GetProperty("attention_mask").EnumerateArray(), (ids, mask) => new GenerationRow(Fixture.Ints(ids), Fixture.Ints(mask).Count(seen => seen == 0)))];

    private static GenerationSettings Neutral(JsonElement expected)
    {
        // The reference made its goldens with ids only, so that each depends on its own settings.
        var keys = expected.EnumerateObject().Where(property => property.Name.EndsWith("_token_id", StringComparison.Ordinal)).ToDictionary(property => property.Name, property => property.Value);
        var settings = GenerationSettingsFile.Apply(new GenerationSettings(), JsonSerializer.SerializeToElement(keys), "expected.json");
        return settings with { MaxNewTokens = expected.GetProperty("max_new_tokens").GetInt32() };
    }

    private static GenerationSettings Settings(Fixture fixture, JsonElement expected, JsonProperty run)
    {
        var neutral = Neutral(expected);
        var settings = run.Name == "folder_defaults"
            ? GenerationSettingsFile.Read(fixture.Folder) is var own ? own with { Sample = false, PaddingToken = own.PaddingToken ?? neutral.PaddingToken, MaxNewTokens = neutral.MaxNewTokens } : neutral
            : neutral;
        if (run.Value.GetProperty("options").TryGetProperty("max_length", out _))
            settings = settings with { MaxNewTokens = null };
        return GenerationSettingsFile.Apply(settings, run.Value.GetProperty("options"), run.Name);
    }

    private static GenerationSettings Warpers(string name)
    {
        var settings = new GenerationSettings { Sample = true, TopK = 0 };
        foreach (System.Text.RegularExpressions.Match part in System.Text.RegularExpressions.Regex.Matches(name, @"(temperature|top_k|top_p|min_p)([\d.]+)"))
        {
            var value = double.Parse(part.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture);
            settings = part.Groups[1].Value switch
            {
                "temperature" => settings with { Temperature = value },
                "top_k" => settings with { TopK = (int)value },
                "top_p" => settings with { TopP = value },
                _ => settings with { MinP = value },
            };
        }

        return settings;
    }

    private static IEnumerable<string> Compare(JsonProperty run, List<GeneratedSequence> results, GenerationSettings settings, int start)
    {
        // The reference's beam search takes a padding id of 0 for none, and fills with the end token then.
        var filler = settings.Beams > 1 && settings.Filler == 0 ? settings.EndTokens[0] : settings.Filler;
        var sequences = run.Value.GetProperty("sequences").EnumerateArray().Select(Fixture.Ints).ToArray();
        for (var row = 0; row < sequences.Length; row++)
        {
            var filled = results[row].Ids.Concat(Enumerable.Repeat(filler, Math.Max(0, sequences[row].Length - start - results[row].Ids.Length)));
            if (!filled.SequenceEqual(sequences[row][start..]))
                yield return $"{run.Name}, row {row}: expected {string.Join(' ', sequences[row][start..])}, found {string.Join(' ', results[row].Ids)}";
        }

        if (!run.Value.TryGetProperty("sequences_scores", out var scores))
            yield break;
        var expected = Fixture.Floats(scores);
        for (var row = 0; row < expected.Length; row++)
            if (results[row].Score is not { } score || Math.Abs(score - expected[row]) > 1e-4 * Math.Max(1, Math.Abs(expected[row])))
                yield return $"{run.Name}, row {row}: expected the score {expected[row]}, found {results[row].Score}";
    }
}
