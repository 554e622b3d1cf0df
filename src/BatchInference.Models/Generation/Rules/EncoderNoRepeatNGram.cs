namespace BatchInference.Models.Generation.Rules;

/// <summary>Forbids a token that would end a run of <paramref name="size"/> tokens which the source holds: against copying.</summary>
internal sealed class EncoderNoRepeatNGram(int size) : LogitsRule
{
    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores) => NoRepeatNGram.Forbid(row.Source, row.Ids, size, scores);
}
