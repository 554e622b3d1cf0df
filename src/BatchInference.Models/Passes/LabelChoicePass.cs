using BatchInference.Models.Batching;
using BatchInference.Models.Generation;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;

namespace BatchInference.Models.Passes;

/// <summary>Labels that a model which writes chose among those of a job. The labels of a long document are those of the mean of its windows' logarithms, weighted by tokens.</summary>
/// <param name="task">The task, judged already.</param>
/// <param name="sessions">Owns the graph.</param>
/// <exception cref="Onnx.ModelException">The graph cannot be loaded.</exception>
public sealed class LabelChoicePass(LabelChoiceTask task, ModelSessions sessions) : PromptedPass(task, sessions)
{
    // No window may rule a label out for the whole document.
    private const double Least = 1e-12;

    /// <inheritdoc/>
    public override IReadOnlyList<ChunkPrediction> Infer(TokenBatch batch, CancellationToken cancellationToken)
    {
        var shares = new List<double[]>(batch.Rows.Count);
        int[] lengths = [.. batch.Rows.Select(row => (int)Math.Min(int.MaxValue, task.Width * (long)row.Ids.Length))];
        Graph.Fitting.Run(lengths, (from, count) => shares.AddRange(task.Trie.Score(Graph, [.. batch.Rows.Skip(from).Take(count).Select(row => new GenerationRow(row.Ids))], task.Settings, cancellationToken)));
        return [.. shares.Select((row, index) => new WindowLogits([.. row.Select(share => (float)Math.Log(Math.Max(share, Least)))], batch.Rows[index].TextTokens))];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Prediction> Assemble(SplitText split, IReadOnlyList<ChunkPrediction> predictions)
    {
        var mean = LabelScores.Mean([.. predictions.Cast<WindowLogits>().Select(window => (window.Logits, window.Tokens))]);
        var ranked = LabelScores.Ranked(task.Labels, LabelScores.Of(ScoreRule.Softmax, mean));
        return [new LabelPrediction(task.Name, Model, ranked[0].Key, ranked[0].Value, ranked) { Basis = "generation", Method = predictions.Count > 1 ? $"mean of {predictions.Count} windows" : null }];
    }
}
