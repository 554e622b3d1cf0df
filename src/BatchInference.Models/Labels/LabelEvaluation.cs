using System.Text.Json;

namespace BatchInference.Models.Labels;

/// <summary>How often a label set is right on examples, and how far its scores can be believed.</summary>
public sealed record LabelEvaluation
{
    private const int Bins = 10;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The model that was measured; null for figures of a cross-validation.</summary>
    public string? Model { get; init; }

    /// <summary>What the answers rest on: <c>examples</c>, <c>examplesAndDescriptions</c> or <c>descriptions</c>.</summary>
    public string? Basis { get; init; }

    /// <summary>True when the head was trained on these very examples: then the figures say nothing of texts that it has not seen. Null where no head of examples was measured.</summary>
    public bool? TrainedOnTheseExamples { get; init; }

    /// <summary>How many examples.</summary>
    public required int Examples { get; init; }

    /// <summary>Share of right labels.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Mean F1 of the labels that occur among the truths or the answers.</summary>
    public required double MacroF1 { get; init; }

    /// <summary>Mean of −ln(score of the true label).</summary>
    public required double LogLoss { get; init; }

    /// <summary>Mean distance between the best score and how often it is right, over 10 bins of equal width, weighted by their examples.</summary>
    public required double ExpectedCalibrationError { get; init; }

    /// <summary>Figures of each label, in the order of the set.</summary>
    public required IReadOnlyList<LabelFigures> Labels { get; init; }

    /// <summary>How many examples of each true label (row) got each label (column), in the order of <see cref="Labels"/>.</summary>
    public required IReadOnlyList<IReadOnlyList<int>> Confusion { get; init; }

    /// <summary>The bins of the calibration error, lowest score first.</summary>
    public required IReadOnlyList<ReliabilityBin> Reliability { get; init; }

    /// <summary>The same of the examples of each language; null where no language is known.</summary>
    public IReadOnlyDictionary<string, LanguageFigures>? Languages { get; init; }

    /// <summary>One JSON object in one line.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Measures answers.</summary>
    /// <param name="labels">Names of the labels.</param>
    /// <param name="truths">Index of the true label of each example; at least one.</param>
    /// <param name="scores">Scores of all labels of each example.</param>
    /// <param name="languages">Language of each example, where known.</param>
    public static LabelEvaluation Of(IReadOnlyList<string> labels, IReadOnlyList<int> truths, IReadOnlyList<double[]> scores, IReadOnlyList<string?> languages)
    {
        ArgumentOutOfRangeException.ThrowIfZero(truths.Count);
        var whole = Whole(labels, truths, scores);
        var known = languages.Distinct().OfType<string>().Order(StringComparer.Ordinal).ToArray();
        if (known.Length == 0)
            return whole;
        var byLanguage = new SortedDictionary<string, LanguageFigures>(StringComparer.Ordinal);
        foreach (var language in known)
        {
            var chosen = Enumerable.Range(0, truths.Count).Where(i => languages[i] == language).ToArray();
            var part = Whole(labels, Array.ConvertAll(chosen, i => truths[i]), Array.ConvertAll(chosen, i => scores[i]));
            byLanguage[language] = new LanguageFigures(part.Examples, part.Accuracy, part.MacroF1, part.ExpectedCalibrationError);
        }

        return whole with { Languages = byLanguage };
    }

    private static LabelEvaluation Whole(IReadOnlyList<string> labels, IReadOnlyList<int> truths, IReadOnlyList<double[]> scores)
    {
        var confusion = labels.Select(_ => new int[labels.Count]).ToArray();
        var (counts, right, sums) = (new int[Bins], new int[Bins], new double[Bins]);
        var loss = 0.0;
        for (var i = 0; i < truths.Count; i++)
        {
            var best = Softmax.Best(scores[i]);
            confusion[truths[i]][best]++;
            loss -= Math.Log(Math.Max(scores[i][truths[i]], double.Epsilon));
            var bin = Math.Clamp((int)(scores[i][best] * Bins), 0, Bins - 1);
            counts[bin]++;
            right[bin] += best == truths[i] ? 1 : 0;
            sums[bin] += scores[i][best];
        }

        var figures = labels.Select((name, k) => LabelFigures.Of(name, confusion[k][k], confusion[k].Sum(), confusion.Sum(row => row[k]))).ToArray();
        var occurring = figures.Where(figure => figure.Support + figure.Predicted > 0).ToArray();
        return new LabelEvaluation
        {
            Examples = truths.Count,
            Accuracy = (double)right.Sum() / truths.Count,
            MacroF1 = occurring.Average(figure => figure.F1),
            LogLoss = loss / truths.Count,
            ExpectedCalibrationError = Enumerable.Range(0, Bins).Sum(bin => Math.Abs(right[bin] - sums[bin])) / truths.Count,
            Labels = figures,
            Confusion = confusion,
            Reliability =
            [
                .. Enumerable.Range(0, Bins).Select(bin => new ReliabilityBin(
                    (double)bin / Bins, (bin + 1.0) / Bins, counts[bin], counts[bin] == 0 ? null : sums[bin] / counts[bin], counts[bin] == 0 ? null : (double)right[bin] / counts[bin])),
            ],
        };
    }
}

/// <summary>Figures of one label.</summary>
/// <param name="Name">The label.</param>
/// <param name="Precision">Of the examples that got it, the share that has it; 0 where none got it.</param>
/// <param name="Recall">Of the examples that have it, the share that got it; 0 where none has it.</param>
/// <param name="F1">Harmonic mean of both.</param>
/// <param name="Support">How many examples have it.</param>
/// <param name="Predicted">How many examples got it.</param>
public sealed record LabelFigures(string Name, double Precision, double Recall, double F1, int Support, int Predicted)
{
    internal static LabelFigures Of(string name, int right, int support, int predicted) => new(
        name,
        predicted == 0 ? 0 : (double)right / predicted,
        support == 0 ? 0 : (double)right / support,
        support + predicted == 0 ? 0 : 2.0 * right / (support + predicted),
        support,
        predicted);
}

/// <summary>The examples whose best score lies in one tenth.</summary>
/// <param name="From">Lowest score, included.</param>
/// <param name="To">Highest score, left out but in the last bin.</param>
/// <param name="Count">How many examples.</param>
/// <param name="MeanScore">Their mean best score; null where there is none.</param>
/// <param name="Accuracy">How often they are right; null where there is none.</param>
public sealed record ReliabilityBin(double From, double To, int Count, double? MeanScore, double? Accuracy);

/// <summary>Figures of one language.</summary>
/// <param name="Examples">How many examples.</param>
/// <param name="Accuracy">Share of right labels.</param>
/// <param name="MacroF1">Mean F1 of the labels that occur.</param>
/// <param name="ExpectedCalibrationError">As of the whole.</param>
public sealed record LanguageFigures(int Examples, double Accuracy, double MacroF1, double ExpectedCalibrationError);
