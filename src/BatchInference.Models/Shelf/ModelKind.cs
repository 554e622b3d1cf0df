namespace BatchInference.Models.Shelf;

/// <summary>What a model can do.</summary>
public enum ModelKind
{
    /// <summary>Gives a text one score for each of its labels.</summary>
    Classifier,

    /// <summary>Gives each token of a text one score for each of its labels.</summary>
    TokenClassifier,

    /// <summary>Gives a text a vector.</summary>
    Embedder,

    /// <summary>Reads a text and writes another (T5, BART, Marian …).</summary>
    EncoderDecoder,

    /// <summary>Goes on with a text (GPT-2, Llama, Qwen …); with a chat template it follows instructions.</summary>
    Decoder,
}

/// <summary>What a model folder is, as <see cref="ModelInspection"/> found it.</summary>
/// <param name="Kind">What it can do.</param>
/// <param name="Layout">How its files lie: <c>optimum</c>, <c>genai</c> or <c>sentence-transformers</c>.</param>
/// <param name="Architecture">The <c>model_type</c> of its configuration.</param>
/// <param name="Variants">Its graphs by the ending of their names, the plain one as an empty text.</param>
/// <param name="Labels">The labels of a classifier, in the order of its scores; else empty.</param>
/// <param name="Context">The most tokens that it reads at once.</param>
/// <param name="Chats">True when it has a chat template.</param>
public sealed record ModelDescription(ModelKind Kind, string Layout, string Architecture, IReadOnlyList<string> Variants, IReadOnlyList<string> Labels, int Context, bool Chats)
{
    /// <summary>One line for people.</summary>
    public string Says => Kind switch
    {
        ModelKind.Classifier => $"classifies into {Labels.Count} {(Labels.Count == 1 ? "label" : "labels")} ({Short(Labels)})",
        ModelKind.TokenClassifier => $"marks tokens with {Labels.Count} labels ({Short(Labels)})",
        ModelKind.Embedder => "gives vectors of texts",
        ModelKind.EncoderDecoder => "writes summaries or translations of texts",
        _ => Chats ? "follows instructions" : "goes on with texts",
    } + $"; {Architecture}, {Layout} layout, reads {Context} tokens at once; variants: {string.Join(", ", Variants.Select(variant => variant.Length == 0 ? "plain" : variant))}";

    private static string Short(IReadOnlyList<string> labels) => string.Join(", ", labels.Take(5)) + (labels.Count > 5 ? " …" : "");
}
