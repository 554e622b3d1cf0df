namespace BatchInference.Models.Tokens.Decoding;

/// <summary>Writes what marks the end of a word (<c>&lt;/w&gt;</c>) as a space, but not at the end of the text.</summary>
internal sealed class WordSuffixDecoder(string suffix) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens) =>
        [.. tokens.Select((token, at) => suffix.Length == 0 ? token : token.Replace(suffix, at == tokens.Count - 1 ? "" : " ", StringComparison.Ordinal))];
}
