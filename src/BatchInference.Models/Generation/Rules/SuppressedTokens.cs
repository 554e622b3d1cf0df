namespace BatchInference.Models.Generation.Rules;

/// <summary>Forbids tokens everywhere.</summary>
internal sealed class SuppressedTokens(IReadOnlyList<int> tokens) : LogitsRule
{
    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores) => Forbid(tokens, scores);

    /// <summary>Forbids tokens; ids that the vocabulary does not have are passed over.</summary>
    public static void Forbid(IReadOnlyList<int> tokens, Span<float> scores)
    {
        foreach (var token in tokens)
            if ((uint)token < (uint)scores.Length)
                scores[token] = float.NegativeInfinity;
    }
}
