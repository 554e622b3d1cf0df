using System.Security.Cryptography;
using System.Text;

namespace BatchInference.Models.Labels;

/// <summary>The labels of one question (<c>config/labels/&lt;set&gt;/</c>), and the heads that were trained for it, one for each model.</summary>
public sealed class LabelSet
{
    /// <summary>The file that people write.</summary>
    public const string FileName = "labels.json";

    internal LabelSet(string folder, IReadOnlyDictionary<string, string> titles, IReadOnlyList<Label> labels, ExamplesOrigin? origin, IReadOnlyList<LabelHead> heads)
    {
        Folder = folder;
        Titles = titles;
        Labels = labels;
        Origin = origin;
        Heads = heads;
        Sha256 = Hash(labels);
    }

    /// <summary>The set's folder.</summary>
    public string Folder { get; }

    /// <summary>The set's name: that of its folder.</summary>
    public string Name => Path.GetFileName(Folder);

    /// <summary>The set's title for people, by ISO 639 code.</summary>
    public IReadOnlyDictionary<string, string> Titles { get; }

    /// <summary>At least two labels, in the order of the file.</summary>
    public IReadOnlyList<Label> Labels { get; }

    /// <summary>Where the examples come from, if the file tells.</summary>
    public ExamplesOrigin? Origin { get; }

    /// <summary>The heads that lie in the folder, sorted by file name.</summary>
    public IReadOnlyList<LabelHead> Heads { get; }

    /// <summary>The bytes of <c>labels.json</c> as they were read; empty where there is no file yet.</summary>
    public ReadOnlyMemory<byte> Content { get; internal init; }

    /// <summary>Lower-case hexadecimal SHA-256 over what an answer depends on: the names and descriptions of the labels. Titles and comments may change freely.</summary>
    public string Sha256 { get; }

    /// <summary>True when each label has a description.</summary>
    public bool IsDescribed => Labels.All(label => label.Descriptions.Count > 0);

    /// <summary>Reads a set and verifies its heads.</summary>
    /// <param name="folder">Its folder, which holds <c>labels.json</c>.</param>
    /// <exception cref="LabelSetException">All errors of all files at once.</exception>
    public static LabelSet Load(string folder) => LabelSetFile.Read(Full(folder), withHeads: true);

    /// <summary>The set to train: what people wrote in the folder, whatever heads lie there; where there is nothing yet, a set of the labels of the examples, in the order of their names, without descriptions.</summary>
    /// <param name="folder">The folder of the set, there or not.</param>
    /// <param name="examples">The examples it will be trained on.</param>
    /// <exception cref="LabelSetException">All errors of <c>labels.json</c>, or the examples have fewer than two labels.</exception>
    public static LabelSet ForTraining(string folder, IReadOnlyList<Example> examples)
    {
        folder = Full(folder);
        if (File.Exists(Path.Combine(folder, FileName)))
            return LabelSetFile.Read(folder, withHeads: false);
        string[] names = [.. examples.Select(example => example.Label).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        return names.Length is >= 2 and <= LabelSetFile.MaxLabels
            ? new LabelSet(folder, new Dictionary<string, string>(), [.. names.Select(name => new Label(name, new Dictionary<string, string>(), []))], null, [])
            : throw new LabelSetException($"The examples have {names.Length} different labels, a set has 2 to {LabelSetFile.MaxLabels}. Give examples of each label, or write {Path.Combine(folder, FileName)} with the names and descriptions of all labels.");
    }

    /// <summary>Writes a head into a folder, and <c>labels.json</c> where the folder has none. A head of the same model is replaced.</summary>
    /// <param name="head">The head that was trained for this set.</param>
    /// <param name="folder">Where to; null for the set's own folder. Another folder (where the configuration cannot be written) gets a copy of <c>labels.json</c>.</param>
    /// <returns>The path of the head.</returns>
    public string Save(LabelHead head, string? folder = null)
    {
        var target = Full(folder ?? Folder);
        Directory.CreateDirectory(target);
        var own = Path.Combine(Folder, FileName);
        if (!File.Exists(own))
            HeadFile.WriteWhole(Path.Combine(target, FileName), LabelSetFile.Template(this));
        else if (target != Folder)
            File.Copy(own, Path.Combine(target, FileName), overwrite: true);
        return HeadFile.Write(target, head);
    }

    /// <summary>
    /// What classifies with this set on this model: the head that was trained for it, or, where the set was never trained, the similarity to the descriptions.
    /// </summary>
    /// <param name="encoder">The model. Texts are embedded only when the set was never trained, or changed since it was prepared without examples.</param>
    /// <param name="cancellationToken">Stops the embedding.</param>
    /// <exception cref="LabelSetException">The head belongs to another model or other labels, or there are neither head nor descriptions.</exception>
    public LabelClassifier Classifier(TextEncoder encoder, CancellationToken cancellationToken = default)
    {
        var own = Heads.Where(head => head.Model == encoder.Model).ToArray();
        var head = Array.Find(own, candidate => candidate.ModelFingerprint == encoder.Fingerprint);
        if (head is not null && head.LabelsSha256 == Sha256)
            return new LabelClassifier(head);

        // Descriptions alone carry no training that could be lost: they are simply read anew, with the mean that was pinned.
        var trained = (own.Length > 0 ? own : Heads).FirstOrDefault(candidate => candidate.Basis != LabelBasis.Descriptions);
        if (trained is null)
            return new LabelClassifier(DescriptionHead.Of(this, encoder, head?.ArchiveMean, cancellationToken));

        var train = $"`batch-inference labels train {Name} --examples FILE`";
        throw new LabelSetException(head is not null
            ? $"{Path.Combine(Folder, FileName)}: names or descriptions of the labels changed after {head.FileName} was trained. Train the set again with {train}, or restore the file."
            : own.Length > 0
                ? $"{Path.Combine(Folder, trained.FileName)}: was trained with other files of {encoder.Model} (fingerprint {trained.ModelFingerprint[..12]}…) than those of the model now (fingerprint {encoder.Fingerprint[..12]}…). Train the set again with {train}, or restore the model."
                : $"{Path.Combine(Folder, trained.FileName)}: was trained on the model {trained.Model}, the task uses {encoder.Model}. Train the set for this model with {train}, or set the task's model to {trained.Model}.");
    }

    private static string Full(string folder) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));

    private static string Hash(IReadOnlyList<Label> labels)
    {
        var text = new StringBuilder("labels 1\n");
        foreach (var label in labels)
        {
            Append(label.Name);
            foreach (var description in label.Descriptions)
            {
                Append(description.Language);
                Append(description.Text);
            }

            text.Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));

        // Lengths before the parts: no two lists of parts give the same text.
        void Append(string part) => text.Append(part.Length).Append(':').Append(part);
    }
}

/// <summary>Where examples come from.</summary>
/// <param name="Source">Name and author of the data.</param>
/// <param name="Licence">Its licence.</param>
public sealed record ExamplesOrigin(string Source, string? Licence);
