using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Generation;

/// <summary>
/// Rows of a decoder whose graph has <c>GroupQueryAttention</c> (the GenAI builder's): the cache has room for more than was read and is written in place, since the operator
/// sees that what it reads and what it writes is one memory. Rows are filled at the end, each has its own length.
/// </summary>
internal sealed class GroupedDecoding : Decoding
{
    // For how many new tokens there is room at first. Most rows end long before the limit, which may be a context of 131,072 tokens and gigabytes.
    private const int Ahead = 256;

    private readonly DecoderModel model;
    private readonly KeyValueCache cache;
    private readonly LastScores scores;
    private readonly IntegerInput ids;
    private readonly IntegerInput mask;
    private readonly IntegerInput positions;
    private readonly int limit;
    private int room;
    private int[] lengths;
    private long[] numbers = [];
    private OrtIoBinding? binding;
    private OrtValue? given;
    private int givenPositions;

    private GroupedDecoding(DecoderModel model, int rows, int room, int limit)
    {
        this.model = model;
        this.room = room;
        this.limit = limit;
        lengths = new int[rows];
        scores = new LastScores(model.Vocabulary);
        cache = new KeyValueCache(model.Slots, rows, room);
        ids = new IntegerInput(model.Graph, DecoderModel.Ids);
        mask = new IntegerInput(model.Graph, DecoderModel.Mask);
        positions = new IntegerInput(model.Graph, DecoderModel.Positions);
    }

    /// <inheritdoc/>
    public override int Rows => lengths.Length;

    public static GroupedDecoding Begin(DecoderModel model, IReadOnlyList<GenerationRow> rows, GenerationSettings settings, CancellationToken cancellationToken)
    {
        var limit = rows.Max(row => settings.LengthLimit(row.Ids.Length));
        var room = Math.Min(limit, rows.Max(row => row.Ids.Length) + Ahead);
        var decoding = new GroupedDecoding(model, rows.Count, room, limit);
        try
        {
            if (rows.Count == 1)
                decoding.ReadPrompt(rows[0], cancellationToken);
            // The operator goes on behind a past with several tokens for a single row only, so prompts are read one by one; their tokens fill the processor as rows would.
            for (var row = 0; rows.Count > 1 && row < rows.Count; row++)
            {
                using var alone = new GroupedDecoding(model, 1, room, limit);
                alone.ReadPrompt(rows[row], cancellationToken);
                decoding.cache.Take(alone.cache, row);
                decoding.scores.Take(alone.scores, row, rows.Count);
                decoding.lengths[row] = alone.lengths[0];
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
        Unbind();
        cache.Keep(rows);
        scores.Keep(rows);
        var kept = new int[rows.Length];
        for (var row = 0; row < rows.Length; row++)
            kept[row] = lengths[rows[row]];
        lengths = kept;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Unbind();
        cache.Dispose();
        ids.Dispose();
        mask.Dispose();
        positions.Dispose();
    }

    private void ReadPrompt(GenerationRow row, CancellationToken cancellationToken)
    {
        var prompt = row.Ids.AsSpan(row.Filling);
        var piece = model.PieceOf(rows: 1);
        for (var from = 0; from < prompt.Length; from += piece)
        {
            var count = Math.Min(piece, prompt.Length - from);
            Read(prompt.Slice(from, count), count, cancellationToken);
        }
    }

    private void Read(ReadOnlySpan<int> tokens, int count, CancellationToken cancellationToken)
    {
        var total = lengths.Max() + count;
        if (total > room)
            MakeRoom(total);
        var bound = binding ?? Bind();
        BindScores(bound, count);
        if (numbers.Length < Math.Max(tokens.Length, Rows * total))
            numbers = new long[Math.Max(tokens.Length, Rows * room)];
        Write(bound, ids, tokens, count);
        if (mask.Exists)
            WriteMask(bound, count, total);
        if (positions.Exists)
            WritePositions(bound, count);
        model.Graph.Run(bound, cancellationToken);
        scores.Take(given!);
        for (var row = 0; row < Rows; row++)
            lengths[row] += count;
    }

    private void Write(OrtIoBinding bound, IntegerInput input, ReadOnlySpan<int> tokens, int count)
    {
        for (var at = 0; at < tokens.Length; at++)
            numbers[at] = tokens[at];
        bound.BindInput(input.Name, input.Write(numbers.AsSpan(0, tokens.Length), Rows, count));
    }

    private void WriteMask(OrtIoBinding bound, int count, int total)
    {
        for (var row = 0; row < Rows; row++)
        {
            var own = numbers.AsSpan(row * total, total);
            own[..(lengths[row] + count)].Fill(1);
            own[(lengths[row] + count)..].Clear();
        }

        bound.BindInput(mask.Name, mask.Write(numbers.AsSpan(0, Rows * total), Rows, total));
    }

    private void WritePositions(OrtIoBinding bound, int count)
    {
        for (var row = 0; row < Rows; row++)
            for (var at = 0; at < count; at++)
                numbers[row * count + at] = lengths[row] + at;
        bound.BindInput(positions.Name, positions.Write(numbers.AsSpan(0, Rows * count), Rows, count));
    }

    private void MakeRoom(int total)
    {
        Unbind();
        room = Math.Max(total, Math.Min(limit, room + room / 2));
        cache.Widen(Rows, room);
    }

    // The cache stays bound, as input and as output, until its memory changes.
    private OrtIoBinding Bind()
    {
        binding = model.Graph.Bind();
        for (var slot = 0; slot < cache.Values.Length; slot++)
        {
            binding.BindInput(cache.Inputs[slot], cache.Values[slot]);
            binding.BindOutput(cache.Outputs[slot], cache.Values[slot]);
        }

        return binding;
    }

    private void BindScores(OrtIoBinding bound, int count)
    {
        var declared = model.Graph.Outputs[DecoderModel.Scores];
        // Some builders cut all positions but the last out of the graph.
        var asked = declared.Dimensions[1] == 1 ? 1 : count;
        if (given is not null && givenPositions == asked)
            return;
        var memory = Tensors.Empty(declared.ElementDataType, Rows, asked, model.Vocabulary);
        bound.BindOutput(DecoderModel.Scores, memory);
        given?.Dispose();
        (given, givenPositions) = (memory, asked);
    }

    private void Unbind()
    {
        binding?.Dispose();
        given?.Dispose();
        (binding, given) = (null, null);
    }
}
