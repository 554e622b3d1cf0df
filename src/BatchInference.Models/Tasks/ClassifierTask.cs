namespace BatchInference.Models.Tasks;

/// <summary>A task that a classification model answers; several share its pass.</summary>
/// <param name="name">The task's name in the job.</param>
public abstract class ClassifierTask(string name)
{
    /// <summary>The task's name in the job.</summary>
    public string Name { get; } = name;

    /// <summary>What changes an answer besides the model.</summary>
    public abstract string Fingerprint { get; }

    /// <summary>What its scores are, in a sentence.</summary>
    public abstract string ScoresAre { get; }

    /// <summary>What is asked of each window: whether this follows from it, or, where it is null, the model's own question.</summary>
    public abstract IReadOnlyList<string?> Hypotheses { get; }

    /// <summary>The answer for one document. May be called from any thread.</summary>
    /// <param name="logits">For each of <see cref="Hypotheses"/> the logits of the document.</param>
    /// <param name="model">The model's name and variant.</param>
    /// <param name="method">How the document was read; null when in one piece.</param>
    public abstract Prediction Predict(IReadOnlyList<float[]> logits, string model, string? method);

    /// <summary>A prediction of labels with their scores, best first, equals by name.</summary>
    /// <param name="model">The model's name and variant.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="scores">Their scores.</param>
    /// <param name="several">True where several labels may hold at once.</param>
    private protected Prediction Ranked(string model, IReadOnlyList<string> labels, IReadOnlyList<float> scores, bool several)
    {
        if (scores.Any(score => !float.IsFinite(score)))
            return new FailedPrediction(Name, model, "The model gave scores that are not finite numbers.", Permanent: true);
        var ranked = LabelScores.Ranked(labels, scores);
        if (!several)
            return new LabelPrediction(Name, model, ranked[0].Key, ranked[0].Value, ranked);
        string[] holding = [.. ranked.Where(label => label.Value >= LabelScores.Holds).Select(label => label.Key)];
        return new LabelPrediction(Name, model, holding.FirstOrDefault(), ranked[0].Value, ranked) { Holding = holding };
    }
}
