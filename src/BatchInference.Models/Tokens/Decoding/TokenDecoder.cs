namespace BatchInference.Models.Tokens.Decoding;

/// <summary>Turns the texts of tokens back into plain text, step by step; the steps' results are joined at the end.</summary>
internal abstract class TokenDecoder
{
    public abstract List<string> Decode(List<string> tokens);
}
