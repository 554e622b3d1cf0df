namespace BatchInference.Models.Generation.Rules;

/// <summary>Forbids the end while the row, prompt or start token included, is shorter than <paramref name="length"/>.</summary>
internal sealed class MinimumLength(int length, IReadOnlyList<int> endTokens) : LogitsRule
{
    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores)
    {
        if (row.Ids.Length < length)
            SuppressedTokens.Forbid(endTokens, scores);
    }
}
