using BatchInference.Models.Labels;
using BatchInference.Models.Onnx;
using BatchInference.Models.Shelf;

namespace BatchInference.Models.Tasks;

/// <summary>Labels that a model for entailment was never trained on: for each it is asked whether a sentence about it follows from the document.</summary>
public sealed class ZeroShotTask : ClassifierTask
{
    /// <summary>What a template has where the label belongs.</summary>
    public const string Place = "{}";

    /// <summary>The sentence that is asked where a task has none of its own.</summary>
    public const string DefaultTemplate = "Ce texte parle de {}.";

    private readonly string[] labels;
    private readonly int entailment;

    /// <param name="name">The task's name in the job.</param>
    /// <param name="set">The labels. Their titles in <paramref name="language"/> are put into the template; of a label without, its name.</param>
    /// <param name="model">A classification model with a label that begins with <c>entail</c>.</param>
    /// <param name="template">A sentence with <see cref="Place"/>.</param>
    /// <param name="language">ISO 639 code of the template's language.</param>
    /// <param name="several">True when several labels may hold at once.</param>
    /// <exception cref="ModelException">The model was not trained for entailment.</exception>
    public ZeroShotTask(string name, LabelSet set, ModelUse model, string template, string language, bool several)
        : base(name)
    {
        entailment = EntailmentOf(model.Description) ?? throw new ModelException(
            $"{model.Folder.Path}: expected a model for entailment, with a label `entailment`, since the task has labels of its own; found the labels {string.Join(", ", model.Description.Labels)}. Leave `labels` out to use these, or choose a model trained on natural language inference (XNLI, MNLI).");
        Several = several;
        labels = [.. set.Labels.Select(label => label.Name)];
        Hypotheses = [.. set.Labels.Select(label => template.Replace(Place, label.Titles.GetValueOrDefault(language, label.Name), StringComparison.Ordinal))];
        Fingerprint = System.Text.Json.JsonSerializer.Serialize(new { labels, Hypotheses, several });
    }

    /// <summary>True when several labels may hold at once.</summary>
    public bool Several { get; }

    /// <inheritdoc/>
    public override string Fingerprint { get; }

    /// <inheritdoc/>
    public override string ScoresAre => Several
        ? "How sure a model of entailment is that the sentence about this label follows from the document, by itself; not calibrated. A label holds from 0.5 on, and there is no sum of 1."
        : "How sure a model of entailment is that the sentence about this label follows from the document, against the other labels; not calibrated. The sum over all labels is 1.";

    /// <inheritdoc/>
    public override IReadOnlyList<string?> Hypotheses { get; }

    /// <summary>Which of a model's labels says that the hypothesis follows; null when none does. As transformers 4.57 finds it.</summary>
    public static int? EntailmentOf(ModelDescription model)
    {
        for (var label = 0; label < model.Labels.Count; label++)
            if (model.Labels[label].StartsWith("entail", StringComparison.OrdinalIgnoreCase))
                return label;
        return null;
    }

    /// <inheritdoc/>
    public override Prediction Predict(IReadOnlyList<float[]> logits, string model, string? method)
    {
        var prediction = Ranked(model, labels, LabelScores.ZeroShot(logits, entailment, Several), Several);
        return prediction is LabelPrediction ranked ? ranked with { Method = method, Basis = "entailment" } : prediction;
    }
}
