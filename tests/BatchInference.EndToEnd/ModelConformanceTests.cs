using System.Text.Json.Nodes;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>Every model folder of the fixtures through <c>models add</c> and <c>models try</c> of the published program, against what the reference implementation gives for it.</summary>
public sealed class ModelConformanceTests(ModelShelf shelf)
{
    public static TheoryData<string> Models => [.. ModelShelf.Names];

    public static TheoryData<string, string> Variants => new()
    {
        { "quantized", "model_quantized.onnx" }, { "q4", "model_q4.onnx" }, { "q8", "model_q8.onnx" }, { "fp16", "model_fp16.onnx" }, { "fp16_output", "model_fp16_output.onnx" },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public async Task AModelThatWasAddedAnswersAsTheReferenceDoes(string model)
    {
        var expected = ModelShelf.Expected(model);
        var lines = new AskedLines();
        if (expected["tokenization"] is { } tokens)
        {
            lines.Ask(ModelShelf.Strings["strings"]!, (answer, row) => ShouldHaveTokens(answer, tokens["plain"]![row]!));
            lines.Ask(ModelShelf.Strings["pairs"]!, (answer, row) => ShouldHaveTokens(answer, tokens["pairs"]![row]!));
        }

        if (expected["classification"] is { } classification)
        {
            lines.Ask(classification["texts"]!, (answer, row) =>
            {
                ShouldBeNear(answer["logits"]!, classification["logits_torch"]![row]!, 1e-4);
                foreach (var label in classification["pipeline_top_k_none"]![row]!.AsArray())
                    ((double)answer["labels"]![(string)label![0]!]!).ShouldBe((double)label[1]!, 1e-4);
                answer["labels"]!.AsObject().First().Key.ShouldBe((string)classification["pipeline"]![row]![0]!);
            });
            lines.Ask(classification["pairs"]!, (answer, row) => ShouldBeNear(answer["logits"]!, classification["pairs_logits"]![row]!, 1e-4));
        }

        if (expected["embedding"] is { } embedding)
            lines.Ask(embedding["texts"]!, (answer, row) => ShouldBeNear(answer["embedding"]!, embedding["mean_normalized"]![row]!, 1e-4));
        string[] options = ["--special-tokens"];
        if (expected["generation"] is { } generation)
        {
            // The run with the folder's own settings; how many tokens it made stands beside them or is the default of all runs.
            var run = generation["runs"]!["folder_defaults"]!;
            lines.Ask(generation["texts"]!, (answer, row) => ((string)answer["text"]!).ShouldBe((string)run["text"]![row]!));
            if (run["options"]!["max_length"] is null)
                options = [.. options, "--max-new-tokens", $"{run["options"]!["max_new_tokens"] ?? generation["max_new_tokens"]}"];
        }

        if (expected["files"]?["model.onnx"] is { } file)
            lines.Ask(expected["texts"]!, (answer, row) => ShouldBeNear(answer["logits"]!, file["logits"]![row]!, 1e-4));
        if (expected["greedy_onnxruntime"] is not null)
        {
            // Their ids are compared in GenerationConformanceTests; in fp32 they are the same model as the folder without "genai-", whose reference has the text, too.
            var twin = ModelShelf.Expected(model["genai-".Length..model.LastIndexOf('-')])["generation"]!;
            var same = model.EndsWith("fp32", StringComparison.Ordinal);
            lines.Ask(twin["texts"]!, (answer, row) => ((string)answer["text"]! == (string)twin["runs"]!["folder_defaults"]!["text"]![row]!).ShouldBe(same, $"row {row}: {answer["text"]}"));
            options = [.. options, "--max-new-tokens", $"{twin["max_new_tokens"]}"];
        }

        // Without a plain graph; see EveryVariantIsChosenByItsName.
        if (model == "bert-variants")
            return;
        lines.Count.ShouldBeGreaterThan(0);
        lines.Judge(await shelf.TryAsync(model, lines.Lines, options));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task EveryVariantIsChosenByItsName(string variant, string file)
    {
        var expected = ModelShelf.Expected("bert-variants");
        var logits = expected["files"]![file]!["logits"]!;
        var answers = await shelf.TryAsync("bert-variants", expected["texts"]!.AsArray().Select(text => text!), "--variant", variant);
        // Dynamic int8 takes its scale from all rows of a run: the reference ran them together and padded, a line is asked alone. Together they are compared by ClassificationConformanceTests.
        var tolerance = variant switch { "fp16" or "fp16_output" => 2e-2, "quantized" => 0.3, _ => 5e-2 };
        for (var row = 0; row < answers.Count; row++)
            ShouldBeNear(answers[row]["logits"]!, logits[row]!, tolerance);
    }

    [Fact]
    public async Task LabelsOfAJobAreWeighedByEntailmentAsTheReferencePipelineDoes()
    {
        var classification = ModelShelf.Expected("xlm-roberta-nli")["classification"]!;
        var zeroShot = classification["zero_shot"]!;
        using var folder = new TempFolder();
        folder.Write("config/appsettings.json", "{}");
        folder.Write("config/labels/themes/labels.json", new JsonObject { ["labels"] = new JsonArray([.. zeroShot["labels"]!.AsArray().Select(label => (JsonNode)new JsonObject { ["name"] = (string)label! })]) }.ToJsonString());
        Directory.CreateSymbolicLink(folder["config/models"], Repository.At("config/models"));
        string[] options = ["--config", folder["config"], "--labels", "themes", "--template", (string)zeroShot["hypothesis_template"]!];
        var texts = classification["texts"]!.AsArray().Select(text => text!).ToArray();
        Same(await shelf.TryAsync("xlm-roberta-nli", texts, options), zeroShot["single"]!);
        Same(await shelf.TryAsync("xlm-roberta-nli", texts, [.. options, "--several-labels"]), zeroShot["multi"]!);

        static void Same(IReadOnlyList<JsonNode> answers, JsonNode rows)
        {
            for (var row = 0; row < answers.Count; row++)
                foreach (var (label, score) in rows[row]!["labels"]!.AsArray().Zip(rows[row]!["scores"]!.AsArray()))
                    ((double)answers[row]["labels"]![(string)label!]!).ShouldBe((double)score!, 1e-4);
        }
    }

    [Theory]
    [InlineData("t5", "greedy", "--max-new-tokens", "24")]
    [InlineData("t5", "repetition_penalty", "--max-new-tokens", "24", "--repetition-penalty", "1.3")]
    [InlineData("t5", "no_repeat_2", "--max-new-tokens", "24", "--no-repeat-ngram", "2")]
    [InlineData("t5", "beam4_lp2.0_true", "--max-new-tokens", "24", "--beams", "4", "--length-penalty", "2", "--early-stopping", "full")]
    [InlineData("t5", "beam4_lp0.6_never", "--max-new-tokens", "24", "--beams", "4", "--length-penalty", "0.6", "--early-stopping", "never")]
    [InlineData("qwen2", "min_new_tokens", "--max-new-tokens", "24", "--min-new-tokens", "20")]
    [InlineData("llama", "beam4_lp1.0_false", "--max-new-tokens", "24", "--beams", "4", "--early-stopping", "heuristic")]
    public async Task OptionsOfGenerationAreThoseOfTheReference(string model, string run, params string[] options)
    {
        var generation = ModelShelf.Expected(model)["generation"]!;
        var answers = await shelf.TryAsync(model, generation["texts"]!.AsArray().Select(text => text!), options);
        answers.Select(answer => (string)answer["text"]!).ShouldBe(generation["runs"]![run]!["text"]!.AsArray().Select(text => (string)text!));
    }

    [Fact]
    public async Task APromptOfAChatModelHasTheTokensOfTheReference()
    {
        foreach (var model in new[] { "qwen2", "qwen3", "llama", "deepseek-r1", "gemma3" })
        {
            // A conversation of one turn of the user, whose text is in the reference's tokens what it is alone.
            var row = ModelShelf.Expected(model)["chat"]!.AsArray().First(row => row!["ids"] is not null && row["messages"]!.AsArray() is [var only] && (string)only!["role"]! == "user")!;
            var text = row["messages"]![0]!["content"]!;
            var answer = (await shelf.TryAsync(model, [text], "--chat", "--max-new-tokens", "2"))[0];
            answer["prompt"]!["ids"]!.ToJsonString().ShouldBe(row["ids"]!.ToJsonString(), model);
        }
    }

    private static void ShouldHaveTokens(JsonNode answer, JsonNode expected)
    {
        JsonNode.DeepEquals(answer["tokens"]!["ids"], expected["ids"]).ShouldBeTrue($"ids {answer["tokens"]!["ids"]!.ToJsonString()}");
        if (expected["offsets"] is { } offsets)
            JsonNode.DeepEquals(answer["tokens"]!["offsets"], offsets).ShouldBeTrue($"offsets {answer["tokens"]!["offsets"]!.ToJsonString()}");
    }

    private static void ShouldBeNear(JsonNode numbers, JsonNode expected, double tolerance)
    {
        numbers.AsArray().Count.ShouldBe(expected.AsArray().Count);
        for (var index = 0; index < numbers.AsArray().Count; index++)
            ((double)numbers[index]!).ShouldBe((double)expected[index]!, tolerance);
    }

    /// <summary>Lines for one process, with what each answer must be.</summary>
    private sealed class AskedLines
    {
        private readonly List<Action<JsonNode>> judges = [];

        public List<JsonNode> Lines { get; } = [];

        public int Count => Lines.Count;

        public void Ask(JsonNode texts, Action<JsonNode, int> judge)
        {
            var row = 0;
            foreach (var text in texts.AsArray())
            {
                var index = row++;
                Lines.Add(text!);
                judges.Add(answer => judge(answer, index));
            }
        }

        public void Judge(IReadOnlyList<JsonNode> answers)
        {
            for (var line = 0; line < answers.Count; line++)
                judges[line](answers[line]);
        }
    }
}
