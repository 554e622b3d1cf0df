namespace BatchInference.Models.Generation.Rules;

/// <summary>Allows only the given tokens at the last place that a row may have.</summary>
internal sealed class ForcedLastTokens(IReadOnlyList<int> tokens, GenerationSettings settings) : LogitsRule
{
    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores)
    {
        if (row.Ids.Length == settings.LengthLimit(row.PromptLength) - 1)
            ForcedFirstToken.Force(tokens, scores);
    }
}
