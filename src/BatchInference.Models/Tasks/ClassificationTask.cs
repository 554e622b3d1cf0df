using System.Security.Cryptography;
using System.Text;
using BatchInference.Models.Labels;

namespace BatchInference.Models.Tasks;

/// <summary>Gives each document one label of a set. The scores of all labels add up to 1, the best comes first, equals by name.</summary>
/// <param name="name">The task's name in the job.</param>
/// <param name="classifier">The label set on the model of the pass (<see cref="LabelSet.Classifier"/>).</param>
public sealed class ClassificationTask(string name, LabelClassifier classifier) : EncoderTask(name)
{
    private readonly string? basis = classifier.Head.Basis == LabelBasis.Descriptions ? "descriptions" : null;

    /// <inheritdoc/>
    public override string Fingerprint { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"classify 1\n{Identity(classifier.Head)}\n")));

    /// <summary>What its scores are, in a sentence.</summary>
    public string ScoresAre { get; } = classifier.Head switch
    {
        { Basis: LabelBasis.Descriptions } => "How like the document is to the descriptions of the labels, brought to a sum of 1 over all labels: an order of the labels, not a probability.",
        { CrossValidation: null } => "Learned from examples too few to calibrate it, brought to a sum of 1 over all labels: not a measured probability.",
        _ => "A probability, calibrated on examples that were held out; the sum over all labels is 1.",
    };

    /// <inheritdoc/>
    public override bool NeedsSentences => false;

    /// <inheritdoc/>
    public override Prediction Predict(EncodedDocument document, string model)
    {
        if (classifier.Scores(document.Vector.Span) is not { } scores)
            return new FailedPrediction(Name, model, "The model gave no finite vector for this document, so it cannot be compared with the labels.", Permanent: true);
        var ranked = new KeyValuePair<string, double>[scores.Length];
        for (var k = 0; k < ranked.Length; k++)
            ranked[k] = new(classifier.Labels[k], scores[k]);
        Array.Sort(ranked, static (a, b) => b.Value.CompareTo(a.Value) is var order and not 0 ? order : string.CompareOrdinal(a.Key, b.Key));
        return new LabelPrediction(Name, model, ranked[0].Key, ranked[0].Value, ranked) { Basis = basis };
    }

    // Vectors of descriptions that are read at the start may differ in the last bit from machine to machine; what they follow from does not, so one night's work is not done again on another machine.
    private static string Identity(LabelHead head) => head.Basis == LabelBasis.Descriptions
        ? FormattableString.Invariant($"descriptions {head.LabelsSha256} {head.ModelFingerprint} {head.ArchiveMean?.Sha256} {head.Temperature:R}")
        : $"head {head.Sha256}";
}
