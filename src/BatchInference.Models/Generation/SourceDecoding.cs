using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Generation;

/// <summary>Rows of an encoder–decoder: the decoder's own cache grows by one a step, that of the source is made by the first step and kept.</summary>
internal sealed class SourceDecoding : Decoding
{
    private readonly EncoderDecoderModel model;
    private readonly KeyValueCache own;
    private readonly KeyValueCache cross;
    private readonly int sourceLength;
    private OrtValue hidden;
    private long[] mask;
    private ScoreTensor? scores;
    private int rows;

    private SourceDecoding(EncoderDecoderModel model, OrtValue hidden, long[] mask)
    {
        this.model = model;
        this.hidden = hidden;
        this.mask = mask;
        rows = (int)hidden.GetTensorTypeAndShape().Shape[0];
        sourceLength = mask.Length / rows;
        own = KeyValueCache.Of(model.Own, rows, 0);
        cross = KeyValueCache.Of(model.Cross, rows, 0);
    }

    /// <inheritdoc/>
    public override int Rows => rows;

    /// <param name="model">The graphs.</param>
    /// <param name="hidden">What the encoder gave; owned by the decoding from now on.</param>
    /// <param name="mask">Rows × positions of the source, 1 where it is seen.</param>
    /// <param name="start">The token that every row starts from.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    public static SourceDecoding Begin(EncoderDecoderModel model, OrtValue hidden, long[] mask, int start, CancellationToken cancellationToken)
    {
        var decoding = new SourceDecoding(model, hidden, mask);
        try
        {
            var tokens = new int[decoding.rows];
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
    public override ReadOnlySpan<float> Scores(int row) => scores!.Last(row);

    /// <inheritdoc/>
    public override void Step(ReadOnlySpan<int> tokens, CancellationToken cancellationToken) => Read(model.Next, tokens, first: false, cancellationToken);

    /// <inheritdoc/>
    public override void Keep(ReadOnlySpan<int> kept)
    {
        if (Tensors.AreAll(kept, rows))
            return;
        scores?.Keep(kept);
        own.Keep(kept);
        // The beams of one source share it, so only what leaves or multiplies moves the source.
        if (!AreOfSameSources(kept))
        {
            cross.Keep(kept);
            var selected = Tensors.Rows(hidden, kept);
            hidden.Dispose();
            hidden = selected;
            var keptMask = new long[kept.Length * sourceLength];
            for (var row = 0; row < kept.Length; row++)
                mask.AsSpan(kept[row] * sourceLength, sourceLength).CopyTo(keptMask.AsSpan(row * sourceLength));
            mask = keptMask;
            var keptSources = new int[kept.Length];
            for (var row = 0; row < kept.Length; row++)
                keptSources[row] = sources is null ? kept[row] : sources[kept[row]];
            sources = keptSources;
        }

        rows = kept.Length;
    }

    // Which row of the beginning each row descends from; null while nothing has moved.
    private int[]? sources;

    private bool AreOfSameSources(ReadOnlySpan<int> kept)
    {
        if (kept.Length != rows)
            return false;
        for (var row = 0; row < rows; row++)
            if ((sources is null ? kept[row] : sources[kept[row]]) != (sources is null ? row : sources[row]))
                return false;
        return true;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        scores?.Dispose();
        own.Dispose();
        cross.Dispose();
        hidden.Dispose();
    }

    private void Read(OnnxModel graph, ReadOnlySpan<int> tokens, bool first, CancellationToken cancellationToken)
    {
        List<string> names = [];
        List<OrtValue> values = [];
        var made = new List<OrtValue>();
        try
        {
            var ids = new long[tokens.Length];
            for (var row = 0; row < tokens.Length; row++)
                ids[row] = tokens[row];
            Make(DecoderModel.Ids, ids, rows, 1);
            Make(EncoderDecoderModel.HiddenMask, mask, rows, sourceLength);
            Make(EncoderDecoderModel.UseCache, [first ? 0 : 1], 1);
            Add(EncoderDecoderModel.Hidden, hidden);
            foreach (var cache in (ReadOnlySpan<KeyValueCache>)[own, cross])
                for (var slot = 0; slot < cache.Inputs.Count; slot++)
                    Add(cache.Inputs[slot], cache.Values[slot]);

            // Later steps give the source's cache empty, or not at all: only the first step's counts.
            List<string> outputs = [DecoderModel.Scores, .. own.Outputs, .. first ? cross.Outputs : []];
            var given = graph.Run(names, values, outputs, cancellationToken);
            scores?.Dispose();
            scores = new ScoreTensor(given[0]);
            own.Replace(given, 1);
            if (first)
                cross.Replace(given, 1 + own.Outputs.Count);
        }
        finally
        {
            foreach (var value in made)
                value.Dispose();
        }

        void Make(string name, long[] numbers, params long[] shape)
        {
            if (!graph.Inputs.TryGetValue(name, out var declared))
                return;
            made.Add(Tensors.Integers(declared, numbers, shape));
            Add(name, made[^1]);
        }

        void Add(string name, OrtValue value)
        {
            if (!graph.Inputs.ContainsKey(name))
                return;
            names.Add(name);
            values.Add(value);
        }
    }
}
