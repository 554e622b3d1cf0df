using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens.SentencePiece;

/// <summary>Makes the model that a SentencePiece file describes.</summary>
internal static class SentencePieceModels
{
    private const double UserDefinedMalus = 0.1;

    /// <summary>The model with SentencePiece's own ids and arithmetic.</summary>
    /// <exception cref="InvalidDataException">It merges pairs: such models are only read through <c>tokenizer.json</c>.</exception>
    public static UnigramModel Unigram(SentencePieceFile file)
    {
        if (file.MergesPairs)
            throw new InvalidDataException("a SentencePiece model that merges pairs is not known to this program without a tokenizer.json.");
        var vocabulary = new Vocabulary();
        var best = file.Pieces.Where(piece => piece.Kind == PieceKind.Normal).Select(piece => piece.Score).DefaultIfEmpty().Max();
        var scores = new double[file.Pieces.Count];
        for (var id = 0; id < scores.Length; id++)
        {
            var piece = file.Pieces[id];
            vocabulary.Add(piece.Text, id);
            scores[id] = piece.Kind switch
            {
                PieceKind.Normal => piece.Score,
                PieceKind.UserDefined => (float)(System.Text.Encoding.UTF8.GetByteCount(piece.Text) * best - UserDefinedMalus),
                _ => double.NegativeInfinity,
            };
        }

        return new UnigramModel(vocabulary, scores, UnknownId(file), byteFallback: false, [], single: true);
    }

    /// <summary>The id of the piece for unknown letters.</summary>
    public static int UnknownId(SentencePieceFile file)
    {
        for (var id = 0; id < file.Pieces.Count; id++)
            if (file.Pieces[id].Kind == PieceKind.Unknown)
                return id;
        throw new InvalidDataException("it has no piece for unknown letters.");
    }
}
