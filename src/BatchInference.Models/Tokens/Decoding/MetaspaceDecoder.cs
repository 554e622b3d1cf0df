namespace BatchInference.Models.Tokens.Decoding;

/// <summary>Writes the visible letter (▁) as a space again, and takes the one before the text away.</summary>
internal sealed class MetaspaceDecoder(char replacement, bool prepended) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens)
    {
        var decoded = new List<string>(tokens.Count);
        foreach (var token in tokens)
            decoded.Add(decoded.Count == 0 && prepended ? token.Replace($"{replacement}", "", StringComparison.Ordinal) : token.Replace(replacement, ' '));
        return decoded;
    }
}
