namespace BatchInference.Models.Generation.Rules;

/// <summary>Forbids tokens at the first place that is free: behind a forced first token where there is one.</summary>
internal sealed class BeginSuppressedTokens(IReadOnlyList<int> tokens, bool firstTokenForced) : LogitsRule
{
    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores)
    {
        var begin = row.PromptLength > 1 || !firstTokenForced ? row.PromptLength : row.PromptLength + 1;
        if (row.Ids.Length == begin)
            SuppressedTokens.Forbid(tokens, scores);
    }
}
