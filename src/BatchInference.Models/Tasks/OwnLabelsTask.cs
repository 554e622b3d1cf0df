using BatchInference.Models.Shelf;

namespace BatchInference.Models.Tasks;

/// <summary>Gives each document the labels that a classification model was trained for: the best one, all that hold, or a number.</summary>
/// <param name="name">The task's name in the job.</param>
/// <param name="description">The model.</param>
public sealed class OwnLabelsTask(string name, ModelDescription description) : ClassifierTask(name)
{
    /// <inheritdoc/>
    // A single label had the softmax of one, which is always 1, where the type said single_label_classification.
    public override string Fingerprint => description is { Rule: ScoreRule.Sigmoid, Labels.Count: 1 } ? "own labels/2" : "own labels";

    /// <inheritdoc/>
    public override IReadOnlyList<string?> Hypotheses { get; } = [null];

    /// <inheritdoc/>
    public override Prediction Predict(IReadOnlyList<float[]> logits, string model, string? method)
    {
        var prediction = Ranked(model, description.Labels, LabelScores.Of(description.Rule, logits[0]), several: description.Rule == ScoreRule.Sigmoid);
        return prediction is LabelPrediction labels ? labels with { Method = method, Logits = logits[0] } : prediction;
    }
}
