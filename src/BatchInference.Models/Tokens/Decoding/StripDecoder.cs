namespace BatchInference.Models.Tokens.Decoding;

/// <summary>Takes a letter away from the ends of each token, at most as often as is said.</summary>
internal sealed class StripDecoder(char letter, int start, int stop) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens) => [.. tokens.Select(Strip)];

    private string Strip(string token)
    {
        var from = 0;
        while (from < Math.Min(start, token.Length) && token[from] == letter)
            from++;
        var to = token.Length;
        while (to > from && to > token.Length - stop && token[to - 1] == letter)
            to--;
        return token[from..to];
    }
}
