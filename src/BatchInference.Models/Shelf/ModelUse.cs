using System.Security.Cryptography;
using System.Text;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tokens;

namespace BatchInference.Models.Shelf;

/// <summary>A model as a job uses it: its folder, what it is, which of its graphs, where it runs. The tokenizer is read when it is first asked for, the graphs by <see cref="ModelSessions"/>.</summary>
/// <param name="folder">The folder, verified against its pins.</param>
/// <param name="description">What is in it.</param>
/// <param name="variant">One of the description's variants.</param>
/// <param name="options">Where and how it runs.</param>
public sealed class ModelUse(ModelFolder folder, ModelDescription description, string variant, OnnxOptions options)
{
    private readonly Lazy<Tokenizer> tokenizer = new(() => Tokenizer.Load(folder.Path));

    public ModelFolder Folder { get; } = folder;

    public ModelDescription Description { get; } = description;

    /// <summary>Which of its graphs, by the ending of their names; empty for the plain one.</summary>
    public string Variant { get; } = variant;

    public OnnxOptions Options { get; } = options;

    /// <summary>The model's name on the shelf, with its variant where it is not the plain one.</summary>
    public string Name { get; } = variant.Length == 0 ? folder.Name : $"{folder.Name}/{variant}";

    /// <summary>Its tokenizer.</summary>
    /// <exception cref="ModelException">It is damaged or has a part that is not known.</exception>
    public Tokenizer Tokenizer => tokenizer.Value;

    /// <summary>Lower-case hexadecimal SHA-256 over the model's files, its variant, its provider and what else decides an answer.</summary>
    /// <remarks>Rows of some variants once went together and answered otherwise: their documents are done again.</remarks>
    internal string FingerprintWith(params IEnumerable<string> answers) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        // Lengths before the parts: no two lists of parts give the same text.
        string.Concat(new[] { Folder.Fingerprint, Variant, ExecutionProviders.NameOf(Options.Provider) }.Concat(answers).Concat(Description.Alone.Contains(Variant) ? ["alone"] : []).Select(part => $"{part.Length}:{part}\n")))));
}
