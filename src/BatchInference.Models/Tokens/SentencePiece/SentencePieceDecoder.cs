using System.Text;
using BatchInference.Models.Tokens.Decoding;

namespace BatchInference.Models.Tokens.SentencePiece;

/// <summary>Turns the pieces of a translation into text as MarianTokenizer does: runs between special tokens are joined by the target language's model, each special token is followed by a blank.</summary>
/// <param name="target">The target language's pieces.</param>
/// <param name="special">Tokens that are no pieces.</param>
internal sealed class SentencePieceDecoder(SentencePieceFile target, IReadOnlySet<string> special) : TokenDecoder
{
    private const char Space = '▁';
    private readonly Dictionary<string, PieceKind> kinds = target.Pieces.GroupBy(piece => piece.Text, StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.First().Kind, StringComparer.Ordinal);

    public override List<string> Decode(List<string> tokens)
    {
        var text = new StringBuilder();
        var run = new StringBuilder();
        foreach (var token in tokens)
        {
            if (!special.Contains(token))
            {
                AddPiece(token, run);
                continue;
            }

            text.Append(run).Append(token).Append(' ');
            run.Clear();
        }

        return [text.Append(run).Replace(Space, ' ').ToString().Trim()];
    }

    // A space at the beginning is the one that the model puts there itself. What the target language does not have is written as it is.
    private void AddPiece(string piece, StringBuilder run)
    {
        if (!kinds.TryGetValue(piece, out var kind))
            run.Append(piece);
        else if (kind == PieceKind.Unknown)
            run.Append(" ⁇ ");
        else if (kind != PieceKind.Control)
            run.Append(run.Length == 0 && (target.AddsSpace || target.RemovesBlanks) && piece is [Space, ..] ? piece[1..] : piece);
    }
}
