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
    public override string ScoresAre { get; } = description.Rule switch
    {
        ScoreRule.Raw => "The number that the model gives (regression), in the units that it was trained on: a value, not a probability.",
        ScoreRule.Sigmoid => "How sure the model is of this label by itself (sigmoid), as it was trained, not calibrated on this archive; a label holds from 0.5 on, and there is no sum of 1.",
        _ => "How sure the model is (softmax), as it was trained, not calibrated on this archive; the sum over all labels is 1.",
    };

    /// <inheritdoc/>
    public override IReadOnlyList<string?> Hypotheses { get; } = [null];

    /// <inheritdoc/>
    public override Prediction Predict(IReadOnlyList<float[]> logits, string model, string? method)
    {
        var prediction = Ranked(model, description.Labels, LabelScores.Of(description.Rule, logits[0]), several: description.Rule == ScoreRule.Sigmoid);
        return prediction is LabelPrediction labels ? labels with { Method = method, Logits = logits[0] } : prediction;
    }
}
