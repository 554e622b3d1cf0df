using System.Text;
using BatchInference.Models.Tokens.Patterns;

namespace BatchInference.Models.Tokens.Decoding;

/// <summary>Puts a fixed text in the place of each match in each token.</summary>
internal sealed class ReplaceDecoder(TextPattern pattern, string content) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens) => [.. tokens.Select(Replace)];

    private string Replace(string token)
    {
        var text = new StringBuilder();
        var search = pattern.In(token);
        var done = 0;
        while (search.Next(done) is { Length: > 0 } match)
        {
            text.Append(token, done, match.Start - done).Append(content);
            done = match.End;
        }

        return done == 0 ? token : text.Append(token, done, token.Length - done).ToString();
    }
}
