using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using BatchInference.Worker.Commands.Trying;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Commands;

/// <summary><c>models try</c>: one JSON string a line in, one JSON object a line out, to check a model by hand or by script.</summary>
internal static class TryModelCommand
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create(Surroundings surroundings)
    {
        var model = new Argument<string>("model") { Description = "A model of the shelf" };
        var options = new TryOptions();
        var command = new Command("try",
            "Read JSON strings, one a line, from standard input (or lists of two, a pair: a classification model answers it, any other gives its tokens); write what the model makes of each: tokens (ids, offsets in code points), embedding, labels, logits, text.\n" +
            "A model that writes goes on with the text as it is, unless --sentences, --chat or --instruction make a prompt of it.\n\n" +
            "Examples:\n" +
            "  echo '\"Le conseil vote le budget.\"' | batch-inference models try multilingual-e5-small --labels topics --sentences 1\n" +
            "  echo '\"Le conseil vote le budget.\"' | batch-inference models try xlm-roberta-nli --labels topics --template \"Ce texte parle de {}.\"\n" +
            "  echo '\"Le conseil vote le budget.\"' | batch-inference models try qwen3 --instruction \"Résume : {text}\" --max-new-tokens 200\n\n" +
            "Example:\n  batch-inference models try barthez --beams 4 --max-new-tokens 60 < texts.jsonl") { model };
        foreach (var option in options.All)
            command.Options.Add(option);
        command.SetAction(async (parsed, token) =>
        {
            var configuration = surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State));
            var choice = new ModelChoice(configuration);
            var request = options.Read(parsed);
            using var answers = ModelAnswers.Open(choice.Use(parsed.GetValue(model), request.Variant), request, choice, token);
            return await AnswerAsync(surroundings, answers, token);
        });
        return command;
    }

    private static async Task<int> AnswerAsync(Surroundings surroundings, ModelAnswers answers, CancellationToken cancellationToken)
    {
        var exit = ExitCodes.Done;
        for (var number = 1; await surroundings.Input.ReadLineAsync(cancellationToken) is { } line; number++)
        {
            if (TryLine.Parse(line) is not { } asked)
            {
                await surroundings.Error.WriteLineAsync($"line {number}: expected one JSON string, in double quotes. The other lines are answered.");
                await surroundings.Output.WriteLineAsync(new JsonObject { ["error"] = $"line {number}: expected one JSON string" }.ToJsonString(Readable));
                exit = ExitCodes.WrongUsage;
                continue;
            }

            await surroundings.Output.WriteLineAsync(answers.Answer(asked, cancellationToken).ToJsonString(Readable));
        }

        return exit;
    }
}
