using System.Text.Json.Nodes;
using BatchInference.Models.Labels;
using BatchInference.Models.Passes;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Commands.Trying;

/// <summary>A classification model: its own labels, or those of a set by entailment.</summary>
internal sealed class ClassifierAnswers : ModelAnswers
{
    private readonly ModelSessions sessions = new();
    private readonly ClassifierPass pass;
    private readonly OwnLabelsTask own;
    private readonly ModelUse model;

    public ClassifierAnswers(ModelUse model, TryRequest request, ModelChoice choice)
        : base(model, request)
    {
        this.model = model;
        own = new OwnLabelsTask("labels", model.Description);
        ClassifierTask task = request.Labels is { } set
            ? new ZeroShotTask("labels", LabelSet.Load(choice.LabelSetFolder(set)), model, request.Template ?? ZeroShotTask.DefaultTemplate, request.Language, request.SeveralLabels)
            : own;
        pass = ClassifierPass.Load(model, [task], sessions, request.SpecialTokens);
        ReadsPairs = request.Labels is null;
    }

    protected override bool ReadsPairs { get; }

    protected override void Add(JsonObject answer, TryLine line, TokenizedText tokens, CancellationToken cancellationToken)
    {
        if (line.Pair is null)
            AddPredictions(answer, pass, line.Text, cancellationToken);
        else
            Add(answer, own.Predict([[.. pass.Logits(tokens, cancellationToken)]], model.Name, null));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            pass.Dispose();
            sessions.Dispose();
        }

        base.Dispose(disposing);
    }
}
