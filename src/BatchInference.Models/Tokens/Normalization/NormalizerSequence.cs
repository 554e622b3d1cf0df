namespace BatchInference.Models.Tokens.Normalization;

internal sealed class NormalizerSequence(IReadOnlyList<Normalizer> steps) : Normalizer
{
    public override void Apply(TextWork work)
    {
        foreach (var step in steps)
            step.Apply(work);
    }
}
