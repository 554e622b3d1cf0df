using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;

namespace BatchInference.Models.Tests.Generation;

/// <summary>A decoder whose next token is the last one plus 1, or with less probability plus 2, and that writes down what it was asked.</summary>
internal sealed class ScriptedModel : GeneratingModel
{
    public const int Size = 100;

    public override int Vocabulary => Size;

    public override int? Context => Limit;

    public int? Limit { get; init; }

    /// <summary>Most rows that its memory holds.</summary>
    public int MostRows { get; init; } = int.MaxValue;

    /// <summary>The rows of each beginning.</summary>
    public List<int> Begun { get; } = [];

    /// <summary>The rows of each step.</summary>
    public List<int> Stepped { get; } = [];

    /// <summary>Called at each step.</summary>
    public Action OnStep { get; init; } = static () => { };

    public override int[] Start(GenerationRow row, GenerationSettings settings) => row.Ids;

    public override Decoding Begin(IReadOnlyList<GenerationRow> rows, GenerationSettings settings, CancellationToken cancellationToken)
    {
        Begun.Add(rows.Count);
        if (rows.Count > MostRows)
            throw new DeviceMemoryException("scripted", new OutOfMemory());
        foreach (var row in rows)
            Validate(row, Vocabulary);
        return new Counting(this, [.. rows.Select(row => row.Ids[^1])]);
    }

    public override void Dispose()
    {
    }

    private sealed class OutOfMemory() : Exception("out of memory");

    private sealed class Counting(ScriptedModel model, int[] last) : Decoding
    {
        private int[] last = last;

        public override int Rows => last.Length;

        public override ReadOnlySpan<float> Scores(int row)
        {
            var scores = new float[Size];
            scores[(last[row] + 1) % Size] = 20;
            scores[(last[row] + 2) % Size] = 10;
            return scores;
        }

        public override void Step(ReadOnlySpan<int> tokens, CancellationToken cancellationToken)
        {
            model.OnStep();
            cancellationToken.ThrowIfCancellationRequested();
            model.Stepped.Add(tokens.Length);
            tokens.Length.ShouldBe(last.Length);
            last = tokens.ToArray();
        }

        public override void Keep(ReadOnlySpan<int> rows)
        {
            var kept = new int[rows.Length];
            for (var row = 0; row < rows.Length; row++)
                kept[row] = last[rows[row]];
            last = kept;
        }

        public override void Dispose()
        {
        }
    }
}
