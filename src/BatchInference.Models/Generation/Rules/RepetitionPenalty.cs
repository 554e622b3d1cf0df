namespace BatchInference.Models.Generation.Rules;

/// <summary>Makes tokens that the row holds already less likely (Keskar et al. 2019, CTRL): a negative score is multiplied, any other divided, once for each different token.</summary>
internal sealed class RepetitionPenalty(double penalty) : LogitsRule
{
    private readonly float penalty = (float)penalty;

    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores) => Apply(row.Ids, penalty, scores);

    /// <summary>Multiplies or divides the scores of some tokens, each once however often it is named.</summary>
    public static void Apply(ReadOnlySpan<int> ids, float penalty, Span<float> scores)
    {
        var seen = new HashSet<int>(ids.Length);
        foreach (var id in ids)
            if (seen.Add(id) && (uint)id < (uint)scores.Length)
                scores[id] = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty;
    }
}
