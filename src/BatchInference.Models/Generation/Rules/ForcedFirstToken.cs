namespace BatchInference.Models.Generation.Rules;

/// <summary>Allows one token only behind a start token that stands alone (the language of mBART).</summary>
internal sealed class ForcedFirstToken(int token) : LogitsRule
{
    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores)
    {
        if (row.Ids.Length == 1)
            Force([token], scores);
    }

    /// <summary>Allows only these tokens, all with the score 0.</summary>
    public static void Force(IReadOnlyList<int> tokens, Span<float> scores)
    {
        scores.Fill(float.NegativeInfinity);
        foreach (var token in tokens)
            scores[token] = 0;
    }
}
