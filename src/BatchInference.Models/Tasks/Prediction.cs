using BatchInference.Models.Tokens;

namespace BatchInference.Models.Tasks;

/// <summary>What one task says of one document.</summary>
/// <param name="Task">The task's name in the job.</param>
/// <param name="Model">The model's name and variant.</param>
public abstract record Prediction(string Task, string Model);

/// <summary>A label with its score.</summary>
/// <param name="Task">The task's name in the job.</param>
/// <param name="Model">The model's name and variant.</param>
/// <param name="Label">The best label; null where several labels may hold at once and none does.</param>
/// <param name="Score">The probability of <paramref name="Label"/>, calibrated where the label set is.</param>
/// <param name="Scores">Every label with its score, best first.</param>
public sealed record LabelPrediction(string Task, string Model, string? Label, double Score, IReadOnlyList<KeyValuePair<string, double>> Scores) : Prediction(Task, Model)
{
    /// <summary>What the answer rests on where it is not trained examples: <c>descriptions</c>, <c>entailment</c> (zero-shot), <c>generation</c> (a model that writes chose among the labels).</summary>
    public string? Basis { get; init; }

    /// <summary>How a long document was read (<c>mean of 7 windows</c>); null when in one piece, or when the model reads documents of any length so.</summary>
    public string? Method { get; init; }

    /// <summary>The labels that hold, best first, where several may at once; null where exactly one does.</summary>
    public IReadOnlyList<string>? Holding { get; init; }

    /// <summary>What a classification model gave before it was turned into scores, in the order of its own labels; null where there is no such thing.</summary>
    public IReadOnlyList<float>? Logits { get; init; }
}

/// <summary>A summary.</summary>
/// <param name="Task">The task's name in the job.</param>
/// <param name="Model">The model's name and variant.</param>
/// <param name="Text">The summary. Of an extractive one: its quotes joined by one blank.</param>
/// <param name="Quotes">Exact ranges of the document in text order; empty for an abstractive summary.</param>
public sealed record SummaryPrediction(string Task, string Model, string Text, IReadOnlyList<TextRange> Quotes) : Prediction(Task, Model)
{
    /// <summary>How a long document was read (<c>map-reduce of 7 windows</c>); null when in one piece.</summary>
    public string? Method { get; init; }

    /// <summary>The part that a reasoning model thinks aloud before its answer, kept apart from it.</summary>
    public string? Reasoning { get; init; }
}

/// <summary>A task that has no answer for this document, with the reason; other tasks may have theirs.</summary>
/// <param name="Task">The task's name in the job.</param>
/// <param name="Model">The model's name and variant.</param>
/// <param name="Reason">One sentence that names the cause.</param>
/// <param name="Permanent">True when trying again as it is cannot help.</param>
public sealed record FailedPrediction(string Task, string Model, string Reason, bool Permanent) : Prediction(Task, Model)
{
    /// <summary>What a reasoning model thought without coming to an answer.</summary>
    public string? Reasoning { get; init; }
}
