namespace BatchInference.Models.Tokens.Subwords;

/// <summary>A model whose pieces have other ids in the vocabulary of the network: Marian's, whose two languages share one.</summary>
internal sealed class TranslatedModel : SubwordModel
{
    private readonly SubwordModel pieces;
    private readonly int[] ids;
    private readonly int unknownPiece;
    private readonly int unknown;

    /// <param name="vocabulary">The vocabulary of the network.</param>
    /// <param name="pieces">The model that finds the pieces.</param>
    /// <param name="unknownPiece">Its piece for unknown letters.</param>
    /// <param name="unknown">The network's token for what it does not know.</param>
    public TranslatedModel(Vocabulary vocabulary, SubwordModel pieces, int unknownPiece, int unknown)
        : base(vocabulary)
    {
        (this.pieces, this.unknownPiece, this.unknown) = (pieces, unknownPiece, unknown);
        ids = new int[pieces.Vocabulary.Size];
        for (var piece = 0; piece < ids.Length; piece++)
            ids[piece] = Known(pieces.Vocabulary[piece]);
    }

    public override void Tokenize(ReadOnlySpan<char> word, bool controls, TokenBuffer into)
    {
        var first = into.Count;
        pieces.Tokenize(word, controls, into);
        // Letters that one language's model lacks may be a piece of the other's.
        for (var at = first; at < into.Count; at++)
            into.Rename(at, into.Ids[at] == unknownPiece ? Known(word.Slice(into.Offsets[at].Start, into.Offsets[at].Length)) : ids[into.Ids[at]]);
    }

    private int Known(ReadOnlySpan<char> piece) => Vocabulary.Find(piece) is >= 0 and var id ? id : unknown;
}
