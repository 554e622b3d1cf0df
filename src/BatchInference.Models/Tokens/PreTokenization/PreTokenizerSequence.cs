namespace BatchInference.Models.Tokens.PreTokenization;

internal sealed class PreTokenizerSequence(IReadOnlyList<PreTokenizer> steps) : PreTokenizer
{
    public override void Apply(TextWork work)
    {
        foreach (var step in steps)
            step.Apply(work);
    }
}
