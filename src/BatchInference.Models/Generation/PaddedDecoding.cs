using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Generation;

/// <summary>Rows of a decoder whose graph has plain attention: filled at the front, so that all end at the same position; each step gives a cache that is longer by one.</summary>
internal sealed class PaddedDecoding : Decoding
{
    private readonly DecoderModel model;
    private readonly KeyValueCache cache;
    private readonly string[] outputs;
    private readonly bool hasPositions;
    private int[] filling;
    private int length;
    private ScoreTensor? scores;

    private PaddedDecoding(DecoderModel model, int[] filling)
    {
        this.model = model;
        this.filling = filling;
        cache = KeyValueCache.Of(model.Slots, filling.Length, 0);
        outputs = [DecoderModel.Scores, .. cache.Outputs];
        hasPositions = model.Graph.Inputs.ContainsKey(DecoderModel.Positions);
    }

    /// <inheritdoc/>
    public override int Rows => filling.Length;

    public static PaddedDecoding Begin(DecoderModel model, IReadOnlyList<GenerationRow> rows, CancellationToken cancellationToken)
    {
        var longest = rows.Max(row => row.Ids.Length);
        var decoding = new PaddedDecoding(model, [.. rows.Select(row => longest - row.Ids.Length + row.Filling)]);
        try
        {
            for (var from = 0; from < longest; from += DecoderModel.Piece)
            {
                var to = Math.Min(from + DecoderModel.Piece, longest);
                var ids = new long[rows.Count * (to - from)];
                for (var row = 0; row < rows.Count; row++)
                    for (var at = from; at < to; at++)
                        if (at - (longest - rows[row].Ids.Length) is >= 0 and var own)
                            ids[row * (to - from) + at - from] = rows[row].Ids[own];
                decoding.Read(ids, to - from, cancellationToken);
            }

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
    public override void Step(ReadOnlySpan<int> tokens, CancellationToken cancellationToken)
    {
        var ids = new long[tokens.Length];
        for (var row = 0; row < tokens.Length; row++)
            ids[row] = tokens[row];
        Read(ids, 1, cancellationToken);
    }

    /// <inheritdoc/>
    public override void Keep(ReadOnlySpan<int> rows)
    {
        if (Tensors.AreAll(rows, Rows))
            return;
        scores?.Keep(rows);
        cache.Keep(rows);
        var kept = new int[rows.Length];
        for (var row = 0; row < rows.Length; row++)
            kept[row] = filling[rows[row]];
        filling = kept;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        scores?.Dispose();
        cache.Dispose();
    }

    private void Read(long[] ids, int count, CancellationToken cancellationToken)
    {
        var graph = model.Graph;
        var total = length + count;
        List<string> names = [DecoderModel.Ids];
        List<OrtValue> values = [Tensors.Integers(graph.Inputs[DecoderModel.Ids], ids, Rows, count)];
        var own = 1;
        try
        {
            if (graph.Inputs.TryGetValue(DecoderModel.Mask, out var mask))
            {
                names.Add(DecoderModel.Mask);
                values.Add(Tensors.Integers(mask, MaskOf(total), Rows, total));
                own++;
            }

            if (hasPositions)
            {
                names.Add(DecoderModel.Positions);
                values.Add(Tensors.Integers(graph.Inputs[DecoderModel.Positions], PositionsOf(count), Rows, count));
                own++;
            }

            names.AddRange(cache.Inputs);
            values.AddRange(cache.Values);
            var given = graph.Run(names, values, outputs, cancellationToken);
            scores?.Dispose();
            scores = new ScoreTensor(given[0]);
            cache.Replace(given, 1);
            length = total;
        }
        finally
        {
            foreach (var value in values.Take(own))
                value.Dispose();
        }
    }

    private long[] MaskOf(int total)
    {
        var mask = new long[Rows * total];
        for (var row = 0; row < Rows; row++)
            mask.AsSpan(row * total + filling[row], total - filling[row]).Fill(1);
        return mask;
    }

    // Positions count what is seen; those of the filling matter to nobody (transformers writes 1).
    private long[] PositionsOf(int count)
    {
        var positions = new long[Rows * count];
        for (var row = 0; row < Rows; row++)
            for (var at = 0; at < count; at++)
                positions[row * count + at] = length + at >= filling[row] ? length + at - filling[row] : 1;
        return positions;
    }
}
