namespace BatchInference.Models.Generation.Rules;

/// <summary>Forbids the end before <paramref name="count"/> new tokens.</summary>
internal sealed class MinimumNewTokens(int count, IReadOnlyList<int> endTokens) : LogitsRule
{
    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores)
    {
        if (row.Ids.Length - row.PromptLength < count)
            SuppressedTokens.Forbid(endTokens, scores);
    }
}
