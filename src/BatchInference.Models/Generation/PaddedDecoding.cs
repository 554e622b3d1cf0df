using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Generation;

/// <summary>Rows of a decoder whose graph has plain attention: filled at the front, so that all end at the same position; each step gives a cache that is longer by one.</summary>
internal sealed class PaddedDecoding : Decoding
{
    private readonly DecoderModel model;
    private readonly KeyValueCache cache;
    private readonly LastScores scores;
    private readonly IntegerInput ids;
    private readonly IntegerInput mask;
    private readonly IntegerInput positions;
    private readonly string[] outputs;
    private readonly List<string> names = [];
    private readonly List<OrtValue> values = [];
    private int[] filling;
    private int length;
    private long[] numbers = [];

    private PaddedDecoding(DecoderModel model, int[] filling)
    {
        this.model = model;
        this.filling = filling;
        cache = new KeyValueCache(model.Slots, filling.Length, 0);
        scores = new LastScores(model.Vocabulary);
        ids = new IntegerInput(model.Graph, DecoderModel.Ids);
        mask = new IntegerInput(model.Graph, DecoderModel.Mask);
        positions = new IntegerInput(model.Graph, DecoderModel.Positions);
        outputs = [DecoderModel.Scores, .. cache.Outputs];
    }

    /// <inheritdoc/>
    public override int Rows => filling.Length;

    public static PaddedDecoding Begin(DecoderModel model, IReadOnlyList<GenerationRow> rows, CancellationToken cancellationToken)
    {
        var longest = rows.Max(row => row.Ids.Length);
        var decoding = new PaddedDecoding(model, [.. rows.Select(row => longest - row.Ids.Length + row.Filling)]);
        var piece = model.PieceOf(rows.Count);
        try
        {
            for (var from = 0; from < longest; from += piece)
            {
                var to = Math.Min(from + piece, longest);
                var tokens = new int[rows.Count * (to - from)];
                for (var row = 0; row < rows.Count; row++)
                    for (var at = from; at < to; at++)
                        if (at - (longest - rows[row].Ids.Length) is >= 0 and var own)
                            tokens[row * (to - from) + at - from] = rows[row].Ids[own];
                decoding.Read(tokens, to - from, cancellationToken);
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
    public override ReadOnlySpan<float> Scores(int row) => scores[row];

    /// <inheritdoc/>
    public override void Step(ReadOnlySpan<int> tokens, CancellationToken cancellationToken) => Read(tokens, 1, cancellationToken);

    /// <inheritdoc/>
    public override void Keep(ReadOnlySpan<int> rows)
    {
        if (Tensors.AreAll(rows, Rows))
            return;
        scores.Keep(rows);
        cache.Keep(rows);
        var kept = new int[rows.Length];
        for (var row = 0; row < rows.Length; row++)
            kept[row] = filling[rows[row]];
        filling = kept;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        cache.Dispose();
        ids.Dispose();
        mask.Dispose();
        positions.Dispose();
    }

    private void Read(ReadOnlySpan<int> tokens, int count, CancellationToken cancellationToken)
    {
        var total = length + count;
        if (numbers.Length < Rows * total)
            numbers = new long[Rows * (total + total / 2)];
        names.Clear();
        values.Clear();
        for (var at = 0; at < tokens.Length; at++)
            numbers[at] = tokens[at];
        Feed(ids, count);
        if (mask.Exists)
        {
            WriteMask(total);
            Feed(mask, total);
        }

        if (positions.Exists)
        {
            WritePositions(count);
            Feed(positions, count);
        }

        names.AddRange(cache.Inputs);
        values.AddRange(cache.Values);
        var given = model.Graph.Run(names, values, outputs, cancellationToken);
        cache.Replace(given, 1);
        length = total;
        using (given[0])
            scores.Take(given[0]);
    }

    private void Feed(IntegerInput input, int width)
    {
        names.Add(input.Name);
        values.Add(input.Write(numbers.AsSpan(0, Rows * width), Rows, width));
    }

    private void WriteMask(int total)
    {
        for (var row = 0; row < Rows; row++)
        {
            var own = numbers.AsSpan(row * total, total);
            own[..Math.Min(filling[row], total)].Clear();
            own[Math.Min(filling[row], total)..].Fill(1);
        }
    }

    // Positions count what is seen; those of the filling matter to nobody (transformers writes 1).
    private void WritePositions(int count)
    {
        for (var row = 0; row < Rows; row++)
            for (var at = 0; at < count; at++)
                numbers[row * count + at] = length + at >= filling[row] ? length + at - filling[row] : 1;
    }
}
