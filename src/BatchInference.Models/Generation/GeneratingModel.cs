using BatchInference.Models.Onnx;

namespace BatchInference.Models.Generation;

/// <summary>A model that makes tokens: reads prompts or sources, then goes on by one token a step.</summary>
internal abstract class GeneratingModel : IDisposable
{
    /// <summary>How many scores a step gives; may exceed the tokenizer's vocabulary.</summary>
    public abstract int Vocabulary { get; }

    /// <summary>Most tokens that a prompt or source may have, and most that a row of the decoder may grow to; null where positions are relative (T5).</summary>
    public abstract int? Context { get; }

    /// <summary>How many rows are generated at once, where memory has run out before.</summary>
    public FittingBatch Fitting { get; init; } = new();

    /// <summary>What every row starts with before its first new token: nothing but its prompt for a decoder, the start token for an encoder–decoder.</summary>
    /// <param name="row">The row.</param>
    /// <param name="settings">Where the start token stands.</param>
    public abstract int[] Start(GenerationRow row, GenerationSettings settings);

    /// <summary>Reads rows together, up to the scores of their first new token.</summary>
    /// <exception cref="ArgumentException">A row is empty, longer than the context, or has ids that the model does not have.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public abstract Decoding Begin(IReadOnlyList<GenerationRow> rows, GenerationSettings settings, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Refuses rows that the graph would fail on, or answer wrongly in silence.</summary>
    protected void Validate(GenerationRow row, int vocabulary)
    {
        if (row.Ids.Length == row.Filling)
            throw new ArgumentException("A prompt or source has at least one token.", nameof(row));
        if (row.Ids.Length - row.Filling > Context)
            throw new ArgumentException($"A prompt or source has {row.Ids.Length - row.Filling} tokens, the model reads {Context}.", nameof(row));
        OnnxModel.ValidateIds(row.Ids, vocabulary);
    }

    /// <summary>Runs every graph once on the smallest row: on a device this tells at load whether it does the work.</summary>
    protected void Probe(GenerationSettings settings)
    {
        using var decoding = Begin([new GenerationRow([0])], settings, CancellationToken.None);
        decoding.Step([0], CancellationToken.None);
    }
}

/// <summary>Rows that a model has read so far, with the keys and values it keeps of them.</summary>
internal abstract class Decoding : IDisposable
{
    /// <summary>How many rows there are.</summary>
    public abstract int Rows { get; }

    /// <summary>The scores of a row's next token; good until the next <see cref="Step"/>.</summary>
    public abstract ReadOnlySpan<float> Scores(int row);

    /// <summary>Gives each row its next token and reads the scores of the one behind it.</summary>
    /// <exception cref="OperationCanceledException">The token asked to stop; what is decoded so far is then worth nothing.</exception>
    public abstract void Step(ReadOnlySpan<int> tokens, CancellationToken cancellationToken);

    /// <summary>Goes on with these rows in this order; a row may be left out, or stand several times.</summary>
    public abstract void Keep(ReadOnlySpan<int> rows);

    /// <inheritdoc/>
    public abstract void Dispose();
}
