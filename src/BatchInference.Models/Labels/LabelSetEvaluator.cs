namespace BatchInference.Models.Labels;

/// <summary>Measures a label set on examples whose labels are known.</summary>
/// <param name="encoder">The model that it runs on.</param>
public sealed class LabelSetEvaluator(TextEncoder encoder)
{
    /// <summary>Classifies each example as a document and compares.</summary>
    /// <exception cref="LabelSetException">The set cannot be used on the model, an example has no label or one that the set does not know: all errors at once.</exception>
    public LabelEvaluation Evaluate(LabelSet set, IReadOnlyList<Example> examples, CancellationToken cancellationToken = default)
    {
        var names = set.Labels.Select(label => label.Name).ToList();
        var errors = new List<string>();
        foreach (var example in examples)
        {
            if (example.Label is null)
                errors.Add($"{example.Place}: has no label, so there is nothing to compare with. Remove the line, or write its label.");
            else if (!names.Contains(example.Label))
                errors.Add($"{example.Place}: the label `{example.Label}` is not in the set {set.Name}. Correct the line, or add the label to the set and train it again.");
        }

        if (examples.Count == 0)
            errors.Add($"There is no example to measure the set {set.Name} on. Give a file with `text` and `label`.");
        if (errors.Count > 0)
            throw new LabelSetException(errors);

        var classifier = set.Classifier(encoder, cancellationToken);
        var vectors = encoder.Embed([.. examples.Select(example => example.Text)], cancellationToken);
        var scores = vectors.Select((vector, i) => classifier.Scores(vector)
            ?? throw new LabelSetException($"{examples[i].Place}: {encoder.Model} gave no finite vector for this text. Remove the line, and check the model with `batch-inference models verify`.")).ToArray();
        return LabelEvaluation.Of(names, [.. examples.Select(example => names.IndexOf(example.Label!))], scores, [.. examples.Select(example => example.Language)]) with
        {
            Model = encoder.Model,
            TrainedOnTheseExamples = classifier.Head is { Basis: not LabelBasis.Descriptions, Examples: { } trained } ? trained.Sha256 == Example.Hash(examples) : null,
            Basis = classifier.Head.Basis switch
            {
                LabelBasis.Examples => "examples",
                LabelBasis.ExamplesAndDescriptions => "examplesAndDescriptions",
                _ => "descriptions",
            },
        };
    }
}
