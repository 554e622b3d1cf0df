using BatchInference.Models.Onnx;

namespace BatchInference.Models.Generation;

/// <summary>
/// An encoder with a decoder (T5, mT5, BART, mBART, Marian, Pegasus) as optimum exports it: <c>encoder_model.onnx</c>, and either <c>decoder_model_merged.onnx</c> or
/// <c>decoder_model.onnx</c> with <c>decoder_with_past_model.onnx</c>.
/// </summary>
internal sealed class EncoderDecoderModel : GeneratingModel
{
    internal const string Hidden = "encoder_hidden_states";
    internal const string HiddenMask = "encoder_attention_mask";
    internal const string UseCache = "use_cache_branch";
    private const string EncoderOutput = "last_hidden_state";

    private readonly OnnxModel encoder;

    private EncoderDecoderModel(OnnxModel encoder, OnnxModel first, OnnxModel next, IReadOnlyList<CacheSlot> own, IReadOnlyList<CacheSlot> cross, int vocabulary, int? context)
    {
        this.encoder = encoder;
        First = first;
        Next = next;
        Own = own;
        Cross = cross;
        Vocabulary = vocabulary;
        Context = context;
    }

    /// <inheritdoc/>
    public override int Vocabulary { get; }

    /// <inheritdoc/>
    public override int? Context { get; }

    /// <summary>The graph of the first step.</summary>
    internal OnnxModel First { get; }

    /// <summary>The graph of all others; the same where both are merged.</summary>
    internal OnnxModel Next { get; }

    /// <summary>The cache of the decoder's own tokens, which grows.</summary>
    internal IReadOnlyList<CacheSlot> Own { get; }

    /// <summary>The cache of the source, which the first step makes once.</summary>
    internal IReadOnlyList<CacheSlot> Cross { get; }

    /// <summary>Loads the graphs and verifies their inputs and outputs.</summary>
    /// <param name="encoderPath">The encoder.</param>
    /// <param name="firstPath">The merged decoder, or the one without past.</param>
    /// <param name="nextPath">The decoder with past; null for a merged one.</param>
    /// <param name="folder">The model's folder, for its configuration.</param>
    /// <param name="options">Where and how they run.</param>
    /// <exception cref="ModelException">A graph cannot be loaded or is not what it should be.</exception>
    public static EncoderDecoderModel Load(string encoderPath, string firstPath, string? nextPath, ModelFolder folder, OnnxOptions options)
    {
        var opened = new List<OnnxModel>();
        try
        {
            var encoder = Open(encoderPath);
            encoder.RequireOnlyInputs(DecoderModel.Ids, DecoderModel.Mask);
            encoder.RequireIntegers([DecoderModel.Ids, DecoderModel.Mask], []);
            encoder.RequireOutput(EncoderOutput, -1, -1, -1);
            var first = Open(firstPath);
            var next = nextPath is null ? first : Open(nextPath);
            foreach (var graph in opened.Skip(1))
            {
                graph.RequireOnlyInputs([DecoderModel.Ids, Hidden, HiddenMask, UseCache, .. graph.Inputs.Keys.Where(CacheLayout.IsPast)]);
                graph.RequireIntegers([DecoderModel.Ids], [HiddenMask, UseCache]);
            }

            var shape = ModelShape.Of(folder);
            var (own, cross) = (CacheLayout.Of(nextPath ?? firstPath, next, shape, ".decoder."), CacheLayout.Of(nextPath ?? firstPath, next, shape, ".encoder."));
            if (own.Count == 0 || cross.Count != own.Count || own.Concat(cross).Any(slot => !first.Outputs.ContainsKey(slot.Output)))
                throw new ModelException($"{nextPath ?? firstPath}: expected a decoder with the inputs `past_key_values.*.decoder.*` and `past_key_values.*.encoder.*`, found {string.Join(", ", next.Inputs.Keys.Select(name => $"`{name}`"))}. Export it with its cache (optimum: text2text-generation-with-past).");
            var model = new EncoderDecoderModel(encoder, first, next, own, cross, DecoderModel.VocabularyOf(firstPath, first, shape), shape.Context) { Fitting = options.FittingOf(encoderPath, firstPath, nextPath ?? firstPath) };
            if (options.Provider != ExecutionProvider.Cpu)
                model.Probe(new GenerationSettings { MaxNewTokens = 2, DecoderStartToken = 0 });
            return model;
        }
        catch
        {
            opened.ForEach(graph => graph.Dispose());
            throw;
        }

        OnnxModel Open(string path)
        {
            var graph = OnnxModel.Load(path, options);
            opened.Add(graph);
            return graph;
        }
    }

    /// <inheritdoc/>
    public override int[] Start(GenerationRow row, GenerationSettings settings) =>
        [settings.DecoderStartToken ?? settings.FirstToken ?? throw new ModelException("Expected `decoder_start_token_id` in generation_config.json or config.json, found none: the decoder has nothing to start from. Restore the file from where the model came.")];

    /// <inheritdoc/>
    public override Decoding Begin(IReadOnlyList<GenerationRow> rows, GenerationSettings settings, CancellationToken cancellationToken)
    {
        var length = rows.Max(row => row.Ids.Length);
        var ids = new long[rows.Count * length];
        var mask = new long[rows.Count * length];
        Array.Fill(ids, settings.Filler);
        for (var row = 0; row < rows.Count; row++)
        {
            // The embeddings may be larger than the scores: the encoder itself refuses what is beyond them.
            Validate(rows[row], int.MaxValue);
            var own = rows[row].Ids;
            for (var at = 0; at < own.Length; at++)
                ids[row * length + at] = own[at];
            mask.AsSpan(row * length, own.Length - rows[row].Filling).Fill(1);
        }

        using var idTensor = Tensors.Integers(encoder.Inputs[DecoderModel.Ids], ids, rows.Count, length);
        var maskTensor = Tensors.Integers(encoder.Inputs[DecoderModel.Mask], mask, rows.Count, length);
        try
        {
            var hidden = encoder.Run([DecoderModel.Ids, DecoderModel.Mask], [idTensor, maskTensor], [EncoderOutput], cancellationToken)[0];
            return SourceDecoding.Begin(this, hidden, maskTensor, Start(rows[0], settings)[0], cancellationToken);
        }
        catch
        {
            maskTensor.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        encoder.Dispose();
        First.Dispose();
        if (!ReferenceEquals(First, Next))
            Next.Dispose();
    }
}
