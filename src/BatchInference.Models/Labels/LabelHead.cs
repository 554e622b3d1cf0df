using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BatchInference.Models.Labels;

/// <summary>What makes scores of document vectors, for one label set on one model: everything of a <c>*.head.json</c> file.</summary>
/// <remarks>
/// With x the L2-normalised document vector, the logit of label k is
/// (bias_k + weights_k · (x − mean) / scale + weight · cos(x − archive mean, description_k) / deviation) / temperature; without <see cref="Head"/> or <see cref="Similarity"/> its part is left out.
/// </remarks>
public sealed record LabelHead
{
    internal const string CurrentFormat = "batch-inference label head 1";

    // Plain numbers and ASCII in the shortest form: the same head is the same text on every machine, which the hash relies on.
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NewLine = "\n",
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new FloatsConverter() },
    };

    /// <summary>Kind and version of the file.</summary>
    public string Format { get; init; } = CurrentFormat;

    /// <summary>What the answers rest on.</summary>
    public required LabelBasis Basis { get; init; }

    /// <summary>The model whose vectors it reads: name and variant.</summary>
    public required string Model { get; init; }

    /// <summary>The fingerprint of that model's files (<see cref="TextEncoder.Fingerprint"/>).</summary>
    public required string ModelFingerprint { get; init; }

    /// <summary>The labels, in the order of all rows below.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary><see cref="LabelSet.Sha256"/> of the set that it was made for.</summary>
    public required string LabelsSha256 { get; init; }

    /// <summary>The logits are divided by it before the softmax.</summary>
    public required double Temperature { get; init; }

    /// <summary>The mean vector that is taken off documents before they are compared with descriptions; null when nothing is taken off, or nothing compared.</summary>
    public ArchiveMean? ArchiveMean { get; init; }

    /// <summary>The part of the descriptions.</summary>
    public DescriptionPart? Similarity { get; init; }

    /// <summary>The part of the examples.</summary>
    public LinearPart? Head { get; init; }

    /// <summary>The examples it was trained on.</summary>
    public TrainingExamples? Examples { get; init; }

    /// <summary>How it did on held-out folds of the examples.</summary>
    public CrossValidationFigures? CrossValidation { get; init; }

    /// <summary>What was out of the ordinary in the training, one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Lower-case hexadecimal SHA-256 of this file with an empty string in its place.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>The file's name in the folder of the set: one for each model and variant.</summary>
    [JsonIgnore]
    public string FileName => string.Concat(Model.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '.')) + HeadFile.Extension;

    /// <summary>The bytes of the file: beside the <c>labels.json</c> that it was made for, they give the same answers again.</summary>
    public byte[] ToFile() => System.Text.Encoding.UTF8.GetBytes(ToJson());

    /// <summary>The same head with its hash.</summary>
    internal LabelHead Sealed() => this with { Sha256 = Hash() };

    internal string Hash() => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this with { Sha256 = "" }, Json)));

    internal string ToJson() => JsonSerializer.Serialize(this, Json) + "\n";

    /// <exception cref="JsonException">It is not the JSON of a head.</exception>
    internal static LabelHead Parse(byte[] json) => JsonSerializer.Deserialize<LabelHead>(json, Json) ?? throw new JsonException("The file holds null.");
}

/// <summary>What the answers of a set rest on.</summary>
public enum LabelBasis
{
    /// <summary>Trained examples, calibrated.</summary>
    Examples,

    /// <summary>Trained examples and the descriptions of the labels, calibrated.</summary>
    ExamplesAndDescriptions,

    /// <summary>The descriptions alone; scores are not calibrated.</summary>
    Descriptions,
}

/// <summary>The mean vector of the normalised document vectors of an archive.</summary>
/// <param name="Source">The texts it was computed of.</param>
/// <param name="Values">As wide as the model's vectors.</param>
/// <param name="Sha256">Lower-case hexadecimal SHA-256 of the values as little-endian floats.</param>
public sealed record ArchiveMean(string Source, IReadOnlyList<float> Values, string Sha256);

/// <summary>Similarity to the descriptions.</summary>
/// <param name="Weight">Its weight in the logit (the w of the cross-validation).</param>
/// <param name="Deviation">Standard deviation of the similarities over examples and labels, which standardises them.</param>
/// <param name="Vectors">For each label, one after another, the normalised mean of its descriptions' vectors after the mean of all labels was taken off.</param>
public sealed record DescriptionPart(double Weight, double Deviation, IReadOnlyList<float> Vectors);

/// <summary>A linear head over standardised vectors.</summary>
/// <param name="Mean">Taken off the normalised vector.</param>
/// <param name="Scale">What then divides it.</param>
/// <param name="Weights">For each label, one after another, its weights; zeros for a label without example.</param>
/// <param name="Bias">One for each label.</param>
public sealed record LinearPart(IReadOnlyList<float> Mean, IReadOnlyList<float> Scale, IReadOnlyList<float> Weights, IReadOnlyList<float> Bias);

/// <summary>The examples of a head.</summary>
/// <param name="Labelled">How many texts with a label.</param>
/// <param name="Unlabelled">How many texts without: they only give the mean of the archive.</param>
/// <param name="PerLabel">How many of each label.</param>
/// <param name="Sha256">Lower-case hexadecimal SHA-256 over texts, labels and groups, in order.</param>
/// <param name="Origin">Where they come from, if known.</param>
public sealed record TrainingExamples(int Labelled, int Unlabelled, IReadOnlyDictionary<string, int> PerLabel, string Sha256, ExamplesOrigin? Origin);

/// <summary>How a head did on folds that it had not seen.</summary>
/// <param name="Folds">How many folds.</param>
/// <param name="Groups">How many groups (of the same id, or the same text) the folds were cut of.</param>
/// <param name="L2">The chosen strength: half of it times the sum of squared weights is added to the mean log loss.</param>
/// <param name="Accuracy">Share of right labels.</param>
/// <param name="MacroF1">Mean of the labels' F1.</param>
/// <param name="LogLoss">Mean of −ln(score of the true label), after calibration.</param>
/// <param name="ExpectedCalibrationError">Over 10 bins of equal width.</param>
public sealed record CrossValidationFigures(int Folds, int Groups, double L2, double Accuracy, double MacroF1, double LogLoss, double ExpectedCalibrationError);
