using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Onnx;

/// <summary>The graph of a classifier: <c>input_ids</c>, <c>attention_mask</c> and, where the graph has them, <c>token_type_ids</c> (rows × length) to <c>logits</c> (rows × labels).</summary>
internal sealed class SequenceClassifierModel : IDisposable
{
    private const string Ids = "input_ids";
    private const string Mask = "attention_mask";
    private const string Types = "token_type_ids";
    private const string Logits = "logits";

    private readonly OnnxModel graph;
    private readonly int labels;
    private readonly int vocabulary;
    private readonly int padding;
    private readonly FittingBatch fitting;

    private SequenceClassifierModel(OnnxModel graph, int labels, int vocabulary, int padding, FittingBatch fitting)
    {
        this.graph = graph;
        this.fitting = fitting;
        this.labels = labels;
        this.vocabulary = vocabulary;
        this.padding = padding;
    }

    /// <summary>Loads a graph and verifies its inputs and outputs.</summary>
    /// <param name="path">The graph.</param>
    /// <param name="labels">How many labels it must have.</param>
    /// <param name="vocabulary">How many ids it knows.</param>
    /// <param name="padding">The id that fills rows up.</param>
    /// <param name="options">Where and how it runs.</param>
    /// <exception cref="ModelException">The graph cannot be loaded or is no classifier of so many labels.</exception>
    public static SequenceClassifierModel Load(string path, int labels, int vocabulary, int padding, OnnxOptions options)
    {
        var graph = OnnxModel.Load(path, options);
        try
        {
            graph.RequireOnlyInputs(Ids, Mask, Types);
            graph.RequireIntegers([Ids], [Mask, Types]);
            if (!graph.Outputs.TryGetValue(Logits, out var output) || output.Dimensions is not [_, var count] || (count > 0 && count != labels))
                throw new ModelException($"{path}: expected the output `{Logits}` as rows × {labels}, found {string.Join(", ", graph.Outputs.Select(known => $"`{known.Key}` [{string.Join(" × ", known.Value.Dimensions)}]"))}. The labels of config.json and the graph do not belong together; export the model again.");
            var model = new SequenceClassifierModel(graph, labels, vocabulary, padding, options.FittingOf(path));
            // On a device the first run tells whether it does the work; better here than in the night.
            if (options.Provider != ExecutionProvider.Cpu)
                model.Run([([padding], null)], CancellationToken.None);
            return model;
        }
        catch
        {
            graph.Dispose();
            throw;
        }
    }

    /// <summary>The scores of each row before softmax or sigmoid.</summary>
    /// <param name="rows">Tokens with special tokens, and segment ids where there are any.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    /// <exception cref="ModelException">The graph gives another number of scores than there are labels.</exception>
    /// <exception cref="InvalidDataException">It gives something that is not a number.</exception>
    public float[][] Run(IReadOnlyList<(int[] Ids, int[]? Types)> rows, CancellationToken cancellationToken)
    {
        var scores = new List<float[]>(rows.Count);
        fitting.Run([.. rows.Select(row => row.Ids.Length)], (from, count) => scores.AddRange(RunPart([.. rows.Skip(from).Take(count)], cancellationToken)));
        return [.. scores];
    }

    public void Dispose() => graph.Dispose();

    private float[][] RunPart((int[] Ids, int[]? Types)[] rows, CancellationToken cancellationToken)
    {
        var length = rows.Max(row => row.Ids.Length);
        var (ids, mask, types) = (new long[rows.Length * length], new long[rows.Length * length], new long[rows.Length * length]);
        Array.Fill(ids, padding);
        for (var row = 0; row < rows.Length; row++)
        {
            OnnxModel.ValidateIds(rows[row].Ids, vocabulary);
            for (var at = 0; at < rows[row].Ids.Length; at++)
            {
                ids[row * length + at] = rows[row].Ids[at];
                types[row * length + at] = rows[row].Types?[at] ?? 0;
            }

            mask.AsSpan(row * length, rows[row].Ids.Length).Fill(1);
        }

        List<string> names = [];
        List<OrtValue> values = [];
        try
        {
            foreach (var (name, numbers) in new[] { (Ids, ids), (Mask, mask), (Types, types) })
                if (graph.Inputs.TryGetValue(name, out var declared))
                {
                    names.Add(name);
                    values.Add(Tensors.Integers(declared, numbers, rows.Length, length));
                }

            using var given = graph.Run(names, values, [Logits], cancellationToken);
            var scores = Tensors.Floats(given[0]);
            // The graph may leave the number open until it runs.
            if (scores.Length != rows.Length * labels)
                throw new ModelException($"The graph gave {scores.Length} scores for {rows.Length} rows, expected {labels} a row. The labels of config.json and the graph do not belong together; export the model again.");
            if (scores.Any(score => !float.IsFinite(score)))
                throw new InvalidDataException("The model gave scores that are not finite numbers.");
            return [.. Enumerable.Range(0, rows.Length).Select(row => scores[(row * labels)..((row + 1) * labels)])];
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }
    }
}
