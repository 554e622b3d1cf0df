using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Generation;

/// <summary>
/// A decoder alone (GPT-2, Llama, Qwen, Mistral, Gemma): <c>input_ids</c>, <c>attention_mask</c>, <c>position_ids</c> where the graph has them, and the cache, to <c>logits</c> and the cache.
/// </summary>
internal sealed class DecoderModel : GeneratingModel
{
    internal const string Ids = "input_ids";
    internal const string Mask = "attention_mask";
    internal const string Positions = "position_ids";
    internal const string Scores = "logits";

    /// <summary>Most tokens of a prompt that are read at once: more would fill the processor no better.</summary>
    internal const int MostPiece = 128;

    // 128 MB: a graph gives the scores of every position that it reads, though only the last is asked for, and a vocabulary may have 150,000 entries.
    private const int MostScores = 1 << 25;

    private readonly bool grouped;

    private DecoderModel(OnnxModel graph, IReadOnlyList<CacheSlot> slots, int vocabulary, int? context, bool grouped)
    {
        Graph = graph;
        Slots = slots;
        Vocabulary = vocabulary;
        Context = context;
        this.grouped = grouped;
    }

    /// <inheritdoc/>
    public override int Vocabulary { get; }

    /// <inheritdoc/>
    public override int? Context { get; }

    internal OnnxModel Graph { get; }

    internal IReadOnlyList<CacheSlot> Slots { get; }

    /// <summary>Loads a graph and verifies its inputs and outputs.</summary>
    /// <param name="path">The graph.</param>
    /// <param name="folder">The model's folder, for its configuration.</param>
    /// <param name="options">Where and how it runs.</param>
    /// <exception cref="ModelException">The graph cannot be loaded or is no decoder with a cache.</exception>
    public static DecoderModel Load(string path, ModelFolder folder, OnnxOptions options)
    {
        // com.microsoft GroupQueryAttention counts positions from each row's own mask: its rows are filled at the end, and its cache may stay in one place.
        var grouped = OnnxGraphFile.Read(path).Operators.Contains(("com.microsoft", "GroupQueryAttention"));
        var graph = OnnxModel.Load(path, options);
        try
        {
            graph.RequireOnlyInputs([Ids, Mask, Positions, .. graph.Inputs.Keys.Where(CacheLayout.IsPast)]);
            graph.RequireIntegers([Ids], [Mask, Positions]);
            var shape = ModelShape.Of(folder);
            var slots = CacheLayout.Of(path, graph, shape);
            if (slots.Count == 0 || slots.Any(slot => !graph.Outputs.ContainsKey(slot.Output)))
                throw new ModelException($"{path}: expected a decoder with the inputs `past_key_values.*` and an output `present.*` for each, found {string.Join(", ", graph.Inputs.Keys.Concat(graph.Outputs.Keys).Select(name => $"`{name}`"))}. Export it with its cache (optimum: text-generation-with-past).");
            var model = new DecoderModel(graph, slots, VocabularyOf(path, graph, shape), shape.Context, grouped) { Fitting = options.FittingOf(path) };
            if (options.Provider != ExecutionProvider.Cpu)
                model.Probe(new GenerationSettings { MaxNewTokens = 2 });
            return model;
        }
        catch
        {
            graph.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override int[] Start(GenerationRow row, GenerationSettings settings) => row.Ids;

    /// <inheritdoc/>
    public override Decoding Begin(IReadOnlyList<GenerationRow> rows, GenerationSettings settings, CancellationToken cancellationToken)
    {
        foreach (var row in rows)
            Validate(row, Vocabulary);
        return grouped ? GroupedDecoding.Begin(this, rows, settings, cancellationToken) : PaddedDecoding.Begin(this, rows, cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose() => Graph.Dispose();

    /// <summary>How many tokens of each of so many prompts are read at once.</summary>
    internal int PieceOf(int rows) => Math.Clamp(MostScores / (rows * Vocabulary), 16, MostPiece);

    /// <summary>How many scores a graph gives; they must be rows × positions × vocabulary.</summary>
    internal static int VocabularyOf(string path, OnnxModel graph, ModelShape shape)
    {
        if (!graph.Outputs.TryGetValue(Scores, out var scores) || scores.Dimensions is not [_, _, var last] || scores.ElementDataType is not (TensorElementType.Float or TensorElementType.Float16))
            throw new ModelException($"{path}: expected the output `{Scores}` as rows × positions × vocabulary of float or float16, found {string.Join(", ", graph.Outputs.Select(output => $"`{output.Key}`"))}. Export the model again, or choose another variant.");
        return last > 0
            ? last
            : shape.Vocabulary ?? throw new ModelException($"{path}: expected to know how many scores the output `{Scores}` has; neither the graph nor `vocab_size` of config.json or genai_config.json tells. Export the model again with its configuration.");
    }
}
