using BatchInference.Models.Onnx;

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

    /// <summary>How many tokens of a prompt are read at once: the scores of all of them are held meanwhile, and a vocabulary may have 150,000 entries.</summary>
    internal const int Piece = 128;

    private readonly bool grouped;

    private DecoderModel(OnnxModel graph, IReadOnlyList<CacheSlot> slots, int vocabulary, bool grouped)
    {
        Graph = graph;
        Slots = slots;
        Vocabulary = vocabulary;
        this.grouped = grouped;
    }

    /// <inheritdoc/>
    public override int Vocabulary { get; }

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
            graph.RequireOnlyInputs([Ids, Mask, Positions, .. graph.Inputs.Keys.Where(name => name.StartsWith("past_key_values.", StringComparison.Ordinal))]);
            var slots = CacheLayout.Of(graph, folder);
            if (slots.Count == 0 || !graph.Inputs.ContainsKey(Ids) || slots.Any(slot => !graph.Outputs.ContainsKey(slot.Output)))
                throw new ModelException($"{path}: expected a decoder with the inputs `{Ids}` and `past_key_values.*` and the outputs `present.*`, found {string.Join(", ", graph.Inputs.Keys.Select(name => $"`{name}`"))}. Export it with its cache (optimum: text-generation-with-past).");
            var vocabulary = graph.Outputs.TryGetValue(Scores, out var scores) && scores.Dimensions is [_, _, var last] ? last : 0;
            vocabulary = vocabulary > 0 ? vocabulary : VocabularyOf(folder);
            return vocabulary > 0
                ? new DecoderModel(graph, slots, vocabulary, grouped)
                : throw new ModelException($"{path}: expected the output `{Scores}` as rows × positions × vocabulary, found none of a known size. Export the model again.");
        }
        catch (ModelException)
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
        {
            if (row.Ids.Length == row.Filling)
                throw new ArgumentException("A prompt has at least one token.", nameof(rows));
            OnnxModel.ValidateIds(row.Ids, Vocabulary);
        }

        return grouped ? GroupedDecoding.Begin(this, rows, settings, cancellationToken) : PaddedDecoding.Begin(this, rows, cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose() => Graph.Dispose();

    /// <summary>The size that the folder's configuration gives the vocabulary; 0 where it does not.</summary>
    internal static int VocabularyOf(ModelFolder folder)
    {
        if (folder.Json("config.json") is { } config && config.TryGetProperty("vocab_size", out var size))
            return size.GetInt32();
        return folder.Json("genai_config.json") is { } genai && genai.TryGetProperty("model", out var model) && model.TryGetProperty("vocab_size", out var genaiSize) ? genaiSize.GetInt32() : 0;
    }
}
