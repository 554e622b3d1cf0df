using System.CommandLine;
using System.Numerics.Tensors;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BatchInference.Models.Batching;
using BatchInference.Models.Labels;
using BatchInference.Models.Passes;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Commands;

/// <summary><c>models try</c>: one JSON string a line in, one JSON object a line out, to check a model by hand or by script.</summary>
internal static class TryModelCommand
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create(Surroundings surroundings)
    {
        var model = new Argument<string>("model") { Description = "A model of the shelf" };
        var labels = new Option<string?>("--labels") { Description = "Also the scores of a label set", HelpName = "SET" };
        var sentences = new Option<int?>("--sentences") { Description = $"Also a summary of so many sentences, 1 to {SummaryLimit.MostSentences}", HelpName = "N" };
        sentences.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > SummaryLimit.MostSentences)
                result.AddError($"--sentences: give a number from 1 to {SummaryLimit.MostSentences}.");
        });
        var special = new Option<bool>("--special-tokens") { Description = "Recognise special tokens inside the text as Hugging Face does; else, as in every job, text is only text" };
        var command = new Command("try",
            "Read JSON strings, one a line, from standard input; write what the model makes of each: tokens (ids, offsets in code points), embedding, labels, text.\n\n" +
            "Example:\n  echo '\"Le conseil vote le budget.\"' | batch-inference models try multilingual-e5-small --labels topics --sentences 1") { model, labels, sentences, special };
        command.SetAction((parsed, token) =>
        {
            var configuration = surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State));
            var choice = new ModelChoice(configuration);
            var folder = choice.Model(parsed.GetValue(model));
            var tasks = new List<EncoderTask>();
            if (parsed.GetValue(labels) is { } set)
            {
                using var encoder = choice.Encoder(folder);
                tasks.Add(new ClassificationTask("labels", LabelSet.Load(choice.LabelSetFolder(set)).Classifier(encoder, token)));
            }

            if (parsed.GetValue(sentences) is { } count)
                tasks.Add(ExtractiveSummaryTask.Load("text", folder, SummaryLimit.OfSentences(count)));
            using var pass = EncoderPass.Load(folder, choice.Variant, tasks, choice.Options);
            var tokenizer = Tokenizer.Load(folder.Path);
            var normalized = folder.Json("modules.json") is { } modules && modules.GetRawText().Contains("sentence_transformers.models.Normalize", StringComparison.Ordinal);
            return AnswerAsync(surroundings, text => Answer(text, tokenizer, pass, parsed.GetValue(special), normalized, token), token);
        });
        return command;
    }

    private static async Task<int> AnswerAsync(Surroundings surroundings, Func<string, JsonObject> answer, CancellationToken cancellationToken)
    {
        var exit = ExitCodes.Done;
        for (var number = 1; await surroundings.Input.ReadLineAsync(cancellationToken) is { } line; number++)
        {
            if (Text(line) is not { } text)
            {
                await surroundings.Error.WriteLineAsync($"line {number}: expected one JSON string, in double quotes. The other lines are answered.");
                await surroundings.Output.WriteLineAsync(new JsonObject { ["error"] = $"line {number}: expected one JSON string" }.ToJsonString(Readable));
                exit = ExitCodes.WrongUsage;
                continue;
            }

            await surroundings.Output.WriteLineAsync(answer(text).ToJsonString(Readable));
        }

        return exit;
    }

    private static string? Text(string line)
    {
        try
        {
            return JsonNode.Parse(line) is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonObject Answer(string text, Tokenizer tokenizer, EncoderPass pass, bool special, bool normalized, CancellationToken cancellationToken)
    {
        var tokens = tokenizer.EncodeWithTemplate(text, recognizeSpecialTokens: special);
        var points = CodePoints(text);
        var embedding = pass.Embed([text], cancellationToken)[0];
        if (normalized && TensorPrimitives.Norm<float>(embedding) is > 0 and var norm)
            TensorPrimitives.Divide(embedding, norm, embedding);
        var answer = new JsonObject
        {
            ["tokens"] = new JsonObject
            {
                ["ids"] = new JsonArray([.. tokens.Ids.Select(id => (JsonNode)id)]),
                ["offsets"] = new JsonArray([.. tokens.Offsets.Select(range => (JsonNode)new JsonArray(points[range.Start], points[range.End]))]),
            },
            ["embedding"] = new JsonArray([.. embedding.Select(value => (JsonNode)value)]),
        };
        if (pass.Tasks.Count == 0)
            return answer;
        var split = pass.Split(text, null);
        var windows = split.Chunks.SelectMany(chunk => pass.Infer(new TokenBatch([chunk]), cancellationToken)).ToArray();
        foreach (var prediction in pass.Assemble(split, windows))
            answer[prediction.Task] = prediction switch
            {
                LabelPrediction label => new JsonObject(label.Scores.Select(score => KeyValuePair.Create(score.Key, (JsonNode?)score.Value))),
                SummaryPrediction summary => summary.Text,
                FailedPrediction failed => new JsonObject { ["error"] = failed.Reason },
                _ => throw new InvalidOperationException($"Nothing is known of writing a {prediction.GetType().Name}."),
            };
        return answer;
    }

    // By UTF-16 offset: how many code points lie before it. A lone surrogate counts as one.
    private static int[] CodePoints(string text)
    {
        var before = new int[text.Length + 1];
        for (var (at, count) = (0, 0); at < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out _, out var length);
            for (var unit = 0; unit < length; unit++)
                before[at + unit] = count;
            at += length;
            before[at] = ++count;
        }

        return before;
    }
}
