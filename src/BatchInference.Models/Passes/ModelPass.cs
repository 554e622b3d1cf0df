using BatchInference.Models.Batching;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;

namespace BatchInference.Models.Passes;

/// <summary>
/// One model with the tasks of a job that share its forward pass: cuts a text into windows, infers windows in batches, puts the predictions of a document together.
/// </summary>
/// <remarks>
/// The road of a document is <see cref="Split"/>, then rounds of <see cref="Infer"/> (windows of many documents in company) and <see cref="NextRound"/> until that gives nothing more, then <see cref="Assemble"/>.
/// <see cref="Split"/>, <see cref="NextRound"/> and <see cref="Assemble"/> may be called from any thread; <see cref="Infer"/> by one thread at a time.
/// </remarks>
public abstract class ModelPass : IDisposable
{
    /// <summary>The model's name on the shelf, with its variant: what <c>results.*.model</c> says.</summary>
    public abstract string Model { get; }

    /// <summary>Lower-case hexadecimal SHA-256 over the model's files, its variant and all settings of the tasks that change an answer.</summary>
    public abstract string Fingerprint { get; }

    /// <summary>Names of the tasks it serves.</summary>
    public abstract IReadOnlyList<string> Tasks { get; }

    /// <summary>How many padded tokens a batch may have.</summary>
    public abstract TokenBudget Budget { get; }

    /// <summary>Cuts a text into windows.</summary>
    public abstract SplitText Split(string text, string? language);

    /// <summary>Infers each row. The result has one prediction for each row, in their order; a row says in company what it says alone.</summary>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public abstract IReadOnlyList<ChunkPrediction> Infer(TokenBatch batch, CancellationToken cancellationToken);

    /// <summary>Further windows that follow from what was predicted so far (a reduce after its maps); none, as by default, when the document is ready to be assembled.</summary>
    /// <param name="split">The document.</param>
    /// <param name="predictions">All predictions so far, by <see cref="TokenChunk.Index"/>; indices of new windows go on from there.</param>
    public virtual IReadOnlyList<TokenChunk> NextRound(SplitText split, IReadOnlyList<ChunkPrediction> predictions) => [];

    /// <summary>Puts the predictions of all windows of one document together: one prediction for each of <see cref="Tasks"/>.</summary>
    public abstract IReadOnlyList<Prediction> Assemble(SplitText split, IReadOnlyList<ChunkPrediction> predictions);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the model.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
