namespace BatchInference.Models.Tokens.Normalization;

internal sealed class NormalizerSequence(IReadOnlyList<Normalizer> steps) : Normalizer
{
    public IReadOnlyList<Normalizer> Steps { get; } = steps;

    public override void Apply(TextWork work)
    {
        foreach (var step in Steps)
            step.Apply(work);
    }
}
