using BatchInference.Models.Onnx;
using BatchInference.Models.Tasks;

namespace BatchInference.Models.Shelf;

/// <summary>What a model folder is, as <see cref="Of"/> found it.</summary>
/// <param name="Kind">What it can do.</param>
/// <param name="Layout">How its files lie: <c>optimum</c>, <c>genai</c> or <c>sentence-transformers</c>.</param>
/// <param name="Architecture">The <c>model_type</c> of its configuration.</param>
/// <param name="Variants">Its graphs by the ending of their names, the plain one as an empty text.</param>
/// <param name="Labels">The labels of a classifier, in the order of its scores; else empty.</param>
/// <param name="Context">The most tokens that it reads at once.</param>
/// <param name="Chats">True when it has a chat template.</param>
public sealed record ModelDescription(ModelKind Kind, string Layout, string Architecture, IReadOnlyList<string> Variants, IReadOnlyList<string> Labels, int Context, bool Chats)
{
    private static readonly string[] OnCpu = ["", "int8", "quantized", "q8", "q4"];
    private static readonly string[] OnDevice = ["", "fp16", "q4", "q8"];

    /// <summary>How the numbers of a classifier become scores.</summary>
    public ScoreRule Rule { get; init; }

    /// <summary>The variants whose graphs quantize what they compute by scales taken from a whole batch: one window goes through them at a time, so that a document has the same answer in any company.</summary>
    public IReadOnlyList<string> Alone { get; init; } = [];

    /// <summary>Looks at a folder; nothing of it is run.</summary>
    /// <exception cref="ModelException">All that is wrong with it, one a line.</exception>
    public static ModelDescription Of(ModelFolder folder) => ModelInspection.Inspect(folder);

    /// <summary>The variant that suits a provider where none is asked for: the plain graph, else what is fast there, else the first.</summary>
    public string VariantFor(ExecutionProvider provider) =>
        (provider == ExecutionProvider.Cpu ? OnCpu : OnDevice).FirstOrDefault(Variants.Contains) ?? Variants[0];

    /// <summary>The variant of that name; <c>plain</c> and <c>fp32</c> are the graph without an ending. Null when there is none.</summary>
    public string? VariantNamed(string name) => Variants.Contains(name) ? name : name is "plain" or "fp32" && Variants.Contains("") ? "" : name == "plain" && Variants.Contains("fp32") ? "fp32" : null;

    /// <summary>The names of all variants as people write them.</summary>
    public string VariantNames => NamesOf(Variants);

    /// <summary>One line for people.</summary>
    public string Says => Kind switch
    {
        ModelKind.Classifier => $"classifies into {Labels.Count} {(Labels.Count == 1 ? "label" : "labels")} ({Short(Labels)})",
        ModelKind.TokenClassifier => $"marks tokens with {Labels.Count} labels ({Short(Labels)})",
        ModelKind.Embedder => "gives vectors of texts",
        ModelKind.EncoderDecoder => "writes summaries or translations of texts",
        _ => Chats ? "follows instructions" : "goes on with texts",
    } + $"; {Architecture}, {Layout} layout, reads {Context} tokens at once; variants: {VariantNames}{(Alone.Count > 0 ? $" ({NamesOf(Alone)}: dynamic int8, one window at a time)" : "")}";

    private static string NamesOf(IReadOnlyList<string> variants) => string.Join(", ", variants.Select(variant => variant.Length == 0 ? "plain" : variant));

    private static string Short(IReadOnlyList<string> labels) => string.Join(", ", labels.Take(5)) + (labels.Count > 5 ? " …" : "");
}
