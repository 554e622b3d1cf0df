namespace BatchInference.Models.Tokens.Decoding;

/// <summary>Puts a space before every token but continuations, and, to clean up, takes those before punctuation away.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanUp) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens)
    {
        var decoded = new List<string>(tokens.Count);
        foreach (var token in tokens)
        {
            var text = decoded.Count == 0 ? token : token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : $" {token}";
            decoded.Add(cleanUp ? TextCleanup.Whole(text) : text);
        }

        return decoded;
    }
}
