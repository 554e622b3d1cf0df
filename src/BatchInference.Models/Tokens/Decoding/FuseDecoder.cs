namespace BatchInference.Models.Tokens.Decoding;

/// <summary>Joins the tokens, for the steps behind.</summary>
internal sealed class FuseDecoder : TokenDecoder
{
    public override List<string> Decode(List<string> tokens) => [string.Concat(tokens)];
}
