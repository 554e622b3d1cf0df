namespace BatchInference.Models.Tokens.Decoding;

internal sealed class DecoderSequence(IReadOnlyList<TokenDecoder> steps) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens) => steps.Aggregate(tokens, (decoded, step) => step.Decode(decoded));
}
