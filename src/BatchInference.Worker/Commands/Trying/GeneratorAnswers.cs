using System.Text.Json.Nodes;
using BatchInference.Models.Labels;
using BatchInference.Models.Passes;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Commands.Trying;

/// <summary>A model that writes: goes on with the text, or answers the prompt that a task makes of it.</summary>
internal sealed class GeneratorAnswers : ModelAnswers
{
    private readonly ModelSessions sessions = new();
    private readonly PromptedPass? pass;
    private readonly Continuation? continuation;

    public GeneratorAnswers(ModelUse model, TryRequest request, ModelChoice choice)
        : base(model, request)
    {
        if (request.Labels is { } set)
            pass = new LabelChoicePass(new LabelChoiceTask("labels", model, LabelSet.Load(choice.LabelSetFolder(set)), request.Language, request.Generation), sessions);
        else if (request.Sentences is not null || request.Prompted)
            pass = new GenerativeSummaryPass(new GenerativeSummaryTask("text", model, request.Sentences is { } count ? SummaryLimit.OfSentences(count) : SummaryLimit.None, request.Generation), sessions);
        else
            continuation = new Continuation(model, request.Generation, sessions);
    }

    protected override void Add(JsonObject answer, TryLine line, TokenizedText tokens, CancellationToken cancellationToken)
    {
        if (continuation is not null)
            answer["text"] = continuation.Of(tokens.Ids, cancellationToken);
        if (pass is not null)
        {
            answer["prompt"] = new JsonObject { ["ids"] = new JsonArray([.. pass.Split(line.Text, null).Chunks[0].Ids.Select(id => (JsonNode)id)]) };
            AddPredictions(answer, pass, line.Text, cancellationToken);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            sessions.Dispose();
        base.Dispose(disposing);
    }
}
