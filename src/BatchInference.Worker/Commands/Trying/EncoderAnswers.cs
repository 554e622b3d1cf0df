using System.Numerics.Tensors;
using System.Text.Json.Nodes;
using BatchInference.Models.Labels;
using BatchInference.Models.Passes;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Commands.Trying;

/// <summary>A sentence encoder: vectors, label sets by them, summaries of quotes.</summary>
internal sealed class EncoderAnswers : ModelAnswers
{
    private readonly EncoderPass pass;
    private readonly bool normalized;

    public EncoderAnswers(ModelUse model, TryRequest request, ModelChoice choice, CancellationToken cancellationToken)
        : base(model, request)
    {
        var tasks = new List<EncoderTask>();
        if (request.Labels is { } set)
        {
            using var encoder = choice.Encoder(model);
            tasks.Add(new ClassificationTask("labels", LabelSet.Load(choice.LabelSetFolder(set)).Classifier(encoder, cancellationToken)));
        }

        if (request.Sentences is { } count)
            tasks.Add(ExtractiveSummaryTask.Load("text", model.Folder, SummaryLimit.OfSentences(count)));
        pass = EncoderPass.Load(model.Folder, model.Variant, tasks, model.Options);
        normalized = model.Folder.Json("modules.json") is { } modules && modules.GetRawText().Contains("sentence_transformers.models.Normalize", StringComparison.Ordinal);
    }

    protected override void Add(JsonObject answer, TryLine line, TokenizedText tokens, CancellationToken cancellationToken)
    {
        var embedding = pass.Embed([line.Text], cancellationToken)[0];
        if (normalized && TensorPrimitives.Norm<float>(embedding) is > 0 and var norm)
            TensorPrimitives.Divide(embedding, norm, embedding);
        answer["embedding"] = Numbers(embedding);
        if (pass.Tasks.Count > 0)
            AddPredictions(answer, pass, line.Text, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            pass.Dispose();
        base.Dispose(disposing);
    }
}
