using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Generation;

/// <summary>
/// Rows of a decoder whose graph has <c>GroupQueryAttention</c> (the GenAI builder's): the cache is made once for the greatest length and written in place, since the operator
/// sees that what it reads and what it writes is one memory. Rows are filled at the end, each has its own length.
/// </summary>
internal sealed class GroupedDecoding : Decoding
{
    private readonly DecoderModel model;
    private readonly KeyValueCache cache;
    private readonly int room;
    private int[] lengths;
    private float[] scores;

    private GroupedDecoding(DecoderModel model, int rows, int room)
    {
        this.model = model;
        this.room = room;
        lengths = new int[rows];
        scores = new float[rows * model.Vocabulary];
        cache = KeyValueCache.Of(model.Slots, rows, room);
    }

    /// <inheritdoc/>
    public override int Rows => lengths.Length;

    public static GroupedDecoding Begin(DecoderModel model, IReadOnlyList<GenerationRow> rows, GenerationSettings settings, CancellationToken cancellationToken)
    {
        var room = rows.Max(row => settings.LengthLimit(row.Ids.Length));
        var decoding = new GroupedDecoding(model, rows.Count, room);
        try
        {
            if (rows.Count == 1)
                decoding.ReadPrompt(rows[0], cancellationToken);
            // The operator goes on behind a past with several tokens for a single row only, so prompts are read one by one; their tokens fill the processor as rows would.
            for (var row = 0; rows.Count > 1 && row < rows.Count; row++)
            {
                using var alone = new GroupedDecoding(model, 1, room);
                alone.ReadPrompt(rows[row], cancellationToken);
                decoding.cache.Take(alone.cache, row);
                decoding.lengths[row] = alone.lengths[0];
                alone.Scores(0).CopyTo(decoding.Row(row));
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
    public override ReadOnlySpan<float> Scores(int row) => Row(row);

    /// <inheritdoc/>
    public override void Step(ReadOnlySpan<int> tokens, CancellationToken cancellationToken) => Read(tokens, 1, cancellationToken);

    /// <inheritdoc/>
    public override void Keep(ReadOnlySpan<int> rows)
    {
        if (Tensors.AreAll(rows, Rows))
            return;
        cache.Keep(rows);
        var (keptLengths, keptScores) = (new int[rows.Length], new float[rows.Length * model.Vocabulary]);
        for (var row = 0; row < rows.Length; row++)
        {
            keptLengths[row] = lengths[rows[row]];
            Row(rows[row]).CopyTo(keptScores.AsSpan(row * model.Vocabulary));
        }

        (lengths, scores) = (keptLengths, keptScores);
    }

    /// <inheritdoc/>
    public override void Dispose() => cache.Dispose();

    private Span<float> Row(int row) => scores.AsSpan(row * model.Vocabulary, model.Vocabulary);

    private void ReadPrompt(GenerationRow row, CancellationToken cancellationToken)
    {
        var prompt = row.Ids.AsSpan(row.Filling);
        for (var from = 0; from < prompt.Length; from += DecoderModel.Piece)
        {
            var count = Math.Min(DecoderModel.Piece, prompt.Length - from);
            Read(prompt.Slice(from, count), count, cancellationToken);
        }
    }

    private void Read(ReadOnlySpan<int> tokens, int count, CancellationToken cancellationToken)
    {
        var graph = model.Graph;
        var total = lengths.Max() + count;
        var ids = new long[tokens.Length];
        var positions = new long[tokens.Length];
        var mask = new long[Rows * total];
        for (var row = 0; row < Rows; row++)
        {
            mask.AsSpan(row * total, lengths[row] + count).Fill(1);
            for (var at = 0; at < count; at++)
                (ids[row * count + at], positions[row * count + at]) = (tokens[row * count + at], lengths[row] + at);
        }

        List<string> names = [.. cache.Inputs];
        List<OrtValue> values = [.. cache.Values];
        try
        {
            Add(DecoderModel.Ids, ids, count);
            Add(DecoderModel.Mask, mask, total);
            Add(DecoderModel.Positions, positions, count);
            using var given = new ScoreTensor(graph.RunInPlace(names, values, DecoderModel.Scores, cache.Outputs, cache.Values, cancellationToken));
            for (var row = 0; row < Rows; row++)
            {
                given.Last(row).CopyTo(Row(row));
                lengths[row] += count;
            }
        }
        finally
        {
            foreach (var value in values.Skip(cache.Values.Count))
                value.Dispose();
        }

        void Add(string name, long[] numbers, int width)
        {
            if (!graph.Inputs.TryGetValue(name, out var declared))
                return;
            names.Add(name);
            values.Add(Tensors.Integers(declared, numbers, Rows, width));
        }
    }
}
