namespace BatchInference.Models.Generation.Rules;

/// <summary>Changes the scores of the next token of one row. Rules hold no state of a row: what they need of it is given.</summary>
internal abstract class LogitsRule
{
    /// <param name="row">The row so far.</param>
    /// <param name="scores">One score for each token of the vocabulary; negative infinity forbids a token.</param>
    public abstract void Apply(RowSoFar row, Span<float> scores);
}

/// <summary>What a row holds before its next token.</summary>
/// <param name="ids">All tokens: the prompt of a decoder or the start token of an encoder–decoder, then the new ones.</param>
/// <param name="promptLength">How many of them were there before the first new one.</param>
/// <param name="source">What the encoder read; the prompt itself where there is no encoder.</param>
internal readonly ref struct RowSoFar(ReadOnlySpan<int> ids, int promptLength, ReadOnlySpan<int> source)
{
    public ReadOnlySpan<int> Ids { get; } = ids;

    public int PromptLength { get; } = promptLength;

    public ReadOnlySpan<int> Source { get; } = source;
}
