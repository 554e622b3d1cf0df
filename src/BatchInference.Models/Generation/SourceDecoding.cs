using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Generation;

/// <summary>Rows of an encoder–decoder: the decoder's own cache grows by one a step, that of the source is made by the first step and kept.</summary>
internal sealed class SourceDecoding : Decoding
{
    private readonly EncoderDecoderModel model;
    private readonly KeyValueCache own;
    private readonly KeyValueCache cross;
    private readonly LastScores scores;
    private readonly List<string> names = [];
    private readonly List<OrtValue> values = [];
    private readonly string[] firstOutputs;
    private readonly string[] nextOutputs;
    private OrtValue hidden;
    private OrtValue mask;
    // Which row of the beginning each row descends from.
    private int[] sources;

    private SourceDecoding(EncoderDecoderModel model, OrtValue hidden, OrtValue mask)
    {
        this.model = model;
        this.hidden = hidden;
        this.mask = mask;
        sources = [.. Enumerable.Range(0, (int)hidden.GetTensorTypeAndShape().Shape[0])];
        own = new KeyValueCache(model.Own, Rows, 0);
        cross = new KeyValueCache(model.Cross, Rows, 0);
        scores = new LastScores(model.Vocabulary);
        // Later steps give the source's cache empty, or not at all: only the first step's counts.
        nextOutputs = [DecoderModel.Scores, .. own.Outputs];
        firstOutputs = [.. nextOutputs, .. cross.Outputs];
    }

    /// <inheritdoc/>
    public override int Rows => sources.Length;

    /// <param name="model">The graphs.</param>
    /// <param name="hidden">What the encoder gave; owned by the decoding from now on.</param>
    /// <param name="mask">Rows × positions of the source, 1 where it is seen; owned by the decoding from now on.</param>
    /// <param name="start">The token that every row starts from.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    public static SourceDecoding Begin(EncoderDecoderModel model, OrtValue hidden, OrtValue mask, int start, CancellationToken cancellationToken)
    {
        var decoding = new SourceDecoding(model, hidden, mask);
        try
        {
            var tokens = new int[decoding.Rows];
            Array.Fill(tokens, start);
            decoding.Read(model.First, tokens, first: true, cancellationToken);
            return decoding;
        }
        catch
        {
            decoding.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<float> Scores(int row) => scores[row];

    /// <inheritdoc/>
    public override void Step(ReadOnlySpan<int> tokens, CancellationToken cancellationToken) => Read(model.Next, tokens, first: false, cancellationToken);

    /// <inheritdoc/>
    public override void Keep(ReadOnlySpan<int> rows)
    {
        if (Tensors.AreAll(rows, Rows))
            return;
        scores.Keep(rows);
        own.Keep(rows);
        var kept = new int[rows.Length];
        for (var row = 0; row < rows.Length; row++)
            kept[row] = sources[rows[row]];
        // The beams of one source share it, so only what leaves or multiplies moves the source.
        if (!kept.AsSpan().SequenceEqual(sources))
        {
            cross.Keep(rows);
            Replace(ref hidden, Tensors.Rows(hidden, rows));
            Replace(ref mask, Tensors.Rows(mask, rows));
        }

        sources = kept;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        own.Dispose();
        cross.Dispose();
        hidden.Dispose();
        mask.Dispose();
    }

    private static void Replace(ref OrtValue value, OrtValue by)
    {
        value.Dispose();
        value = by;
    }

    private void Read(OnnxModel graph, ReadOnlySpan<int> tokens, bool first, CancellationToken cancellationToken)
    {
        var numbers = new long[tokens.Length];
        for (var row = 0; row < tokens.Length; row++)
            numbers[row] = tokens[row];
        using var ids = Tensors.Integers(graph.Inputs[DecoderModel.Ids], numbers, Rows, 1);
        using var branch = graph.Inputs.TryGetValue(EncoderDecoderModel.UseCache, out var declared) ? Tensors.Integers(declared, [first ? 0 : 1], 1) : null;
        names.Clear();
        values.Clear();
        Feed(DecoderModel.Ids, ids);
        Feed(EncoderDecoderModel.HiddenMask, mask);
        Feed(EncoderDecoderModel.Hidden, hidden);
        if (branch is not null)
            Feed(EncoderDecoderModel.UseCache, branch);
        FeedCache(own);
        FeedCache(cross);
        var given = graph.Run(names, values, first ? firstOutputs : nextOutputs, cancellationToken);
        own.Replace(given, 1);
        if (first)
            cross.Replace(given, nextOutputs.Length);
        using (given[0])
            scores.Take(given[0]);

        void FeedCache(KeyValueCache cache)
        {
            for (var slot = 0; slot < cache.Inputs.Count; slot++)
                Feed(cache.Inputs[slot], cache.Values[slot]);
        }

        void Feed(string name, OrtValue value)
        {
            if (!graph.Inputs.ContainsKey(name))
                return;
            names.Add(name);
            values.Add(value);
        }
    }
}
