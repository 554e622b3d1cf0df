using System.Text;
using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens.Decoding;

/// <summary>Joins the tokens and reads their letters as bytes. A token with another letter stands for itself; bytes that are no UTF-8 become U+FFFD.</summary>
internal sealed class ByteLevelDecoder : TokenDecoder
{
    public override List<string> Decode(List<string> tokens)
    {
        var bytes = new List<byte>();
        foreach (var token in tokens)
            if (token.All(letter => ByteLetters.ByteOf(letter) >= 0))
                bytes.AddRange(token.Select(letter => (byte)ByteLetters.ByteOf(letter)));
            else
                bytes.AddRange(Encoding.UTF8.GetBytes(token));
        return [Encoding.UTF8.GetString([.. bytes])];
    }
}
