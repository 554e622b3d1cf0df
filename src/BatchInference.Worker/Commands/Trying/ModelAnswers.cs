using System.Text.Json.Nodes;
using BatchInference.Models.Batching;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Commands.Trying;

/// <summary>What a model makes of lines, one after the other.</summary>
internal abstract class ModelAnswers(ModelUse model, TryRequest request) : IDisposable
{
    /// <summary>True when more than tokens comes of two texts.</summary>
    protected virtual bool ReadsPairs => false;

    /// <summary>Opens a model for what is asked of it.</summary>
    /// <exception cref="ModelException">It cannot be loaded, or not be asked that.</exception>
    public static ModelAnswers Open(ModelUse model, TryRequest request, ModelChoice choice, CancellationToken cancellationToken) => model.Description.Kind switch
    {
        ModelKind.Embedder => new EncoderAnswers(model, request, choice, cancellationToken),
        ModelKind.Classifier => new ClassifierAnswers(model, request, choice),
        ModelKind.Decoder or ModelKind.EncoderDecoder => new GeneratorAnswers(model, request, choice),
        _ => new TokenAnswers(model, request),
    };

    /// <summary>The answer to a line. What the model cannot say of this one stands in it as <c>error</c>.</summary>
    public JsonObject Answer(TryLine line, CancellationToken cancellationToken)
    {
        var tokens = model.Tokenizer.EncodeWithTemplate(line.Text, line.Pair, request.SpecialTokens);
        var (points, pairPoints) = (TryLine.CodePoints(line.Text), line.Pair is null ? [] : TryLine.CodePoints(line.Pair));
        var answer = new JsonObject
        {
            ["tokens"] = new JsonObject
            {
                ["ids"] = new JsonArray([.. tokens.Ids.Select(id => (JsonNode)id)]),
                ["offsets"] = new JsonArray([.. tokens.Offsets.Select((range, token) => (tokens.Texts[token] == 1 ? pairPoints : points) is var counted ? (JsonNode)new JsonArray(counted[range.Start], counted[range.End]) : null)]),
            },
        };
        try
        {
            if (line.Pair is null || ReadsPairs)
                Add(answer, line, tokens, cancellationToken);
        }
        catch (ModelException refusal)
        {
            answer["error"] = refusal.Message;
        }

        return answer;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Adds what the model gives.</summary>
    protected abstract void Add(JsonObject answer, TryLine line, TokenizedText tokens, CancellationToken cancellationToken);

    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Takes a text through a pass as a job does, alone, and adds what its tasks say.</summary>
    protected static void AddPredictions(JsonObject answer, ModelPass pass, string text, CancellationToken cancellationToken)
    {
        var split = pass.Split(text, null);
        var predictions = new List<ChunkPrediction>();
        for (var round = split.Chunks; round.Count > 0; round = pass.NextRound(split, predictions))
            foreach (var chunk in round)
                predictions.AddRange(pass.Infer(new TokenBatch([chunk]), cancellationToken));
        foreach (var prediction in pass.Assemble(split, predictions))
            Add(answer, prediction);
    }

    protected static JsonArray Numbers(IEnumerable<float> numbers) => new([.. numbers.Select(number => (JsonNode)number)]);

    protected static void Add(JsonObject answer, Prediction prediction)
    {
        switch (prediction)
        {
            case LabelPrediction label:
                answer["labels"] = new JsonObject(label.Scores.Select(score => KeyValuePair.Create(score.Key, (JsonNode?)score.Value)));
                if (label.Logits is { } logits)
                    answer["logits"] = Numbers(logits);
                if (label.Method is not null)
                    answer["method"] = label.Method;
                break;
            case SummaryPrediction summary:
                answer["text"] = summary.Text;
                if (summary.Reasoning is not null)
                    answer["reasoning"] = summary.Reasoning;
                if (summary.Method is not null)
                    answer["method"] = summary.Method;
                break;
            case FailedPrediction failed:
                answer["error"] = failed.Reason;
                if (failed.Reasoning is not null)
                    answer["reasoning"] = failed.Reasoning;
                break;
            default:
                throw new InvalidOperationException($"Nothing is known of writing a {prediction.GetType().Name}.");
        }
    }
}
