namespace BatchInference.Models.Generation;

/// <summary>A model that makes tokens: reads prompts or sources, then goes on by one token a step.</summary>
internal abstract class GeneratingModel : IDisposable
{
    /// <summary>How many scores a step gives; may exceed the tokenizer's vocabulary.</summary>
    public abstract int Vocabulary { get; }

    /// <summary>What every row starts with before its first new token: nothing but its prompt for a decoder, the start token for an encoder–decoder.</summary>
    /// <param name="row">The row.</param>
    /// <param name="settings">Where the start token stands.</param>
    public abstract int[] Start(GenerationRow row, GenerationSettings settings);

    /// <summary>Reads rows together, up to the scores of their first new token.</summary>
    public abstract Decoding Begin(IReadOnlyList<GenerationRow> rows, GenerationSettings settings, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Rows that a model has read so far, with the keys and values it keeps of them.</summary>
internal abstract class Decoding : IDisposable
{
    /// <summary>How many rows there are.</summary>
    public abstract int Rows { get; }

    /// <summary>The scores of a row's next token; good until the next <see cref="Step"/>.</summary>
    public abstract ReadOnlySpan<float> Scores(int row);

    /// <summary>Gives each row its next token and reads the scores of the one behind it.</summary>
    public abstract void Step(ReadOnlySpan<int> tokens, CancellationToken cancellationToken);

    /// <summary>Goes on with these rows in this order; a row may be left out, or stand several times.</summary>
    public abstract void Keep(ReadOnlySpan<int> rows);

    /// <inheritdoc/>
    public abstract void Dispose();
}
