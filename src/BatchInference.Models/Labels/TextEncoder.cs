using System.Security.Cryptography;
using System.Text;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;

namespace BatchInference.Models.Labels;

/// <summary>What turns texts into document vectors when a label set is trained, measured or read from its descriptions. The model is opened with the first text.</summary>
public sealed class TextEncoder : IDisposable
{
    private readonly Func<IReadOnlyList<string>, CancellationToken, IReadOnlyList<float[]>> embed;
    private readonly Action close;

    /// <param name="model">Name and variant of the model.</param>
    /// <param name="fingerprint">Changes with everything that changes a vector.</param>
    /// <param name="embed">The vectors of texts, in their order, each of the same width.</param>
    /// <param name="close">Releases the model.</param>
    public TextEncoder(string model, string fingerprint, Func<IReadOnlyList<string>, CancellationToken, IReadOnlyList<float[]>> embed, Action? close = null)
    {
        Model = model;
        Fingerprint = fingerprint;
        this.embed = embed;
        this.close = close ?? (() => { });
    }

    /// <summary>Name and variant of the model: <c>multilingual-e5-small/int8</c>.</summary>
    public string Model { get; }

    /// <summary>Lower-case hexadecimal SHA-256 over the files that a vector depends on: the variant's graph, its external data, tokenizer and pooling.</summary>
    public string Fingerprint { get; }

    /// <summary>The encoder of a model on the shelf.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="variant">Which of its graphs.</param>
    /// <param name="options">Where and how it runs.</param>
    /// <exception cref="ModelException">There is no such variant.</exception>
    public static TextEncoder Of(ModelFolder folder, string variant, OnnxOptions options)
    {
        EncoderPass? pass = null;
        return new TextEncoder(
            $"{folder.Name}/{variant}",
            FingerprintOf(folder, variant),
            (texts, cancellationToken) => (pass ??= EncoderPass.Load(folder, variant, [], options)).Embed(texts, cancellationToken),
            () => pass?.Dispose());
    }

    /// <summary>The vectors of texts, in their order; a text is read as a document of that text.</summary>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public IReadOnlyList<float[]> Embed(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        if (texts.Count == 0)
            return [];
        var vectors = embed(texts, cancellationToken);
        return vectors.Count == texts.Count && vectors.All(vector => vector.Length == vectors[0].Length)
            ? vectors
            : throw new InvalidOperationException($"{Model} gave {vectors.Count} vectors for {texts.Count} texts, or vectors of different widths.");
    }

    /// <inheritdoc/>
    public void Dispose() => close();

    // Not the fingerprint of the whole folder: a new summary scorer, another variant or a read-me changes no vector, so it must not make every trained head worthless.
    private static string FingerprintOf(ModelFolder folder, string variant)
    {
        var graph = Path.GetRelativePath(folder.Path, EncoderSettings.GraphOf(folder, variant)).Replace(Path.DirectorySeparatorChar, '/');
        var text = new StringBuilder("vectors 1\n").Append(variant).Append('\n');
        foreach (var file in folder.Files)
            if (IsRead(file.Name, graph))
                text.Append(file.Sha256).Append("  ").Append(file.Name).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static bool IsRead(string name, string graph) => Path.GetExtension(name) switch
    {
        ".onnx" => name == graph,
        ".md" => false,
        _ => Path.GetFileName(name) is not ("LICENSE" or "NOTICE") && !Path.GetFileName(name).StartsWith('.'),
    };
}
