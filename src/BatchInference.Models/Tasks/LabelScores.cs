using System.Numerics.Tensors;

namespace BatchInference.Models.Tasks;

/// <summary>Scores of labels, as the pipelines of transformers 4.57 make them.</summary>
internal static class LabelScores
{
    /// <summary>The score from which on a label holds where several may.</summary>
    public const double Holds = 0.5;

    /// <summary>Labels with their scores, best first, equals by name.</summary>
    public static KeyValuePair<string, double>[] Ranked(IReadOnlyList<string> labels, IReadOnlyList<float> scores) =>
        [.. labels.Zip(scores, (label, score) => KeyValuePair.Create(label, (double)score)).OrderByDescending(label => label.Value).ThenBy(label => label.Key, StringComparer.Ordinal)];

    /// <summary>The rule of a model.</summary>
    /// <param name="problemType">Its <c>problem_type</c>; null where the configuration has none.</param>
    /// <param name="labels">How many labels it has: a single one that is no number is a yes or no, whatever the type says.</param>
    public static ScoreRule RuleOf(string? problemType, int labels) => problemType switch
    {
        "regression" => ScoreRule.Raw,
        "multi_label_classification" => ScoreRule.Sigmoid,
        _ => labels == 1 ? ScoreRule.Sigmoid : ScoreRule.Softmax,
    };

    /// <summary>The scores of logits.</summary>
    public static float[] Of(ScoreRule rule, ReadOnlySpan<float> logits)
    {
        var scores = logits.ToArray();
        if (rule == ScoreRule.Softmax)
            TensorPrimitives.Subtract(logits, TensorPrimitives.Max(logits), scores);
        if (rule == ScoreRule.Softmax)
            TensorPrimitives.SoftMax<float>(scores, scores);
        else if (rule == ScoreRule.Sigmoid)
            TensorPrimitives.Sigmoid<float>(scores, scores);
        return scores;
    }

    /// <summary>The logits of a document: the mean of those of its windows, weighted by how many tokens of the text each has.</summary>
    public static float[] Mean(IReadOnlyList<(float[] Logits, int Tokens)> windows)
    {
        var mean = new double[windows[0].Logits.Length];
        var all = 0L;
        foreach (var (logits, tokens) in windows)
        {
            // A window without text, as an empty document has, counts as if it had one token.
            var weight = Math.Max(1, tokens);
            all += weight;
            for (var label = 0; label < mean.Length; label++)
                mean[label] += (double)logits[label] * weight;
        }

        return [.. mean.Select(sum => (float)(sum / all))];
    }

    /// <summary>Scores of labels that a model for inference (entailment, contradiction) was asked about one by one.</summary>
    /// <param name="logits">For each label the logits of the model's own labels, with the text as premise and the label in the hypothesis.</param>
    /// <param name="entailment">Which of the model's labels says that the hypothesis follows.</param>
    /// <param name="several">True when several labels may hold at once: each is then weighed against contradiction alone, else all against each other.</param>
    public static float[] ZeroShot(IReadOnlyList<float[]> logits, int entailment, bool several)
    {
        if (!several && logits.Count > 1)
            return Of(ScoreRule.Softmax, logits.Select(row => row[entailment]).ToArray());
        // As in transformers: contradiction is the last label where entailment is the first, else the first.
        return [.. logits.Select(row => Of(ScoreRule.Softmax, [row[entailment == 0 ? row.Length - 1 : 0], row[entailment]])[1])];
    }
}
