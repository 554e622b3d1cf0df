namespace BatchInference.Models.Generation.Rules;

/// <summary>Makes tokens of the source more likely (a penalty above 1): against summaries that leave their text.</summary>
internal sealed class EncoderRepetitionPenalty(double penalty) : LogitsRule
{
    private readonly float penalty = (float)(1 / penalty);

    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores) => RepetitionPenalty.Apply(row.Source, penalty, scores);
}
