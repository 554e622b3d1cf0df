using System.Globalization;
using System.Text;

namespace BatchInference.Models.Tokens.Subwords;

/// <summary>
/// The likeliest pieces of a word (Kudo 2018, "Subword Regularization"), by Viterbi's way over a trie. Of equal paths the one found first stays;
/// neighbouring unknown letters are one token. Linear in the length of the word.
/// </summary>
internal sealed class UnigramModel : SubwordModel
{
    private const double UnknownPenalty = 10;

    private readonly PieceList pieces;
    private readonly PieceTrie trie;
    private readonly double[] scores;
    private readonly double[] textScores;
    private readonly int? unknown;
    private readonly int[]? bytes;
    private readonly double unknownScore;

    /// <param name="pieces">The pieces by id.</param>
    /// <param name="scores">Their logarithmic likelihoods.</param>
    /// <param name="unknown">The id for letters that no piece covers.</param>
    /// <param name="byteFallback">Whether such letters are told by their bytes where the pieces for bytes exist.</param>
    /// <param name="controls">Ids that ordinary text must never yield.</param>
    public UnigramModel(PieceList pieces, double[] scores, int? unknown, bool byteFallback, IEnumerable<int> controls)
    {
        (this.pieces, this.scores, this.unknown) = (pieces, scores, unknown);
        // About half the letters of a large vocabulary are shared beginnings.
        trie = new PieceTrie(pieces.Letters / 2);
        var lowest = double.PositiveInfinity;
        for (var id = 0; id < pieces.Count; id++)
        {
            trie.Add(pieces[id], id);
            lowest = Math.Min(lowest, scores[id]);
        }

        unknownScore = lowest - UnknownPenalty;
        textScores = [.. scores];
        foreach (var id in controls)
            if (id < textScores.Length)
                textScores[id] = double.NegativeInfinity;
        bytes = byteFallback ? ByteIds() : null;
    }

    public override int Size => pieces.Count;

    public override int? IdOf(string token) => trie.Find(token) is >= 0 and var id ? id : null;

    public override string? TokenOf(int id) => id >= 0 && id < pieces.Count ? pieces[id].ToString() : null;

    public override void Tokenize(AlignedText text, TextRange word, bool controls, TokenBuffer into)
    {
        var chars = text.Chars.Slice(word.Start, word.Length);
        var path = into.Path(chars.Length + 1);
        Search(chars, controls ? scores : textScores, path);
        var first = into.Count;
        for (var end = chars.Length; end > 0;)
        {
            var (id, start) = (path[end].Id, path[end].Start);
            while (id < 0 && start > 0 && path[start].Id < 0)
                start = path[start].Start;
            if (id >= 0)
                into.Add(id, text.OriginOf(word.Start + start, end - start));
            else
                AddUnknown(chars[start..end], text.OriginOf(word.Start + start, end - start), into);
            end = start;
        }

        into.Reverse(first);
    }

    // Id -1 means unknown; the reference fuses by id, so a piece that is itself the unknown token is treated so, too.
    private void Search(ReadOnlySpan<char> chars, double[] scores, Span<PathNode> path)
    {
        path.Fill(new PathNode(0, -1, -1));
        for (var start = 0; start < chars.Length;)
        {
            var size = AlignedText.SizeAt(chars, start);
            var here = path[start].Score;
            var single = false;
            for (int node = PieceTrie.Root, end = start; end < chars.Length;)
            {
                node = trie.Step(node, chars[end++]);
                if (node < 0)
                    break;
                var id = trie.ValueAt(node);
                if (id < 0 || double.IsNegativeInfinity(scores[id]))
                    continue;
                ref var target = ref path[end];
                if (target.Start < 0 || here + scores[id] > target.Score)
                    target = new PathNode(here + scores[id], start, id == unknown ? -1 : id);
                single |= end - start == size;
            }

            if (!single)
            {
                ref var target = ref path[start + size];
                if (target.Start < 0 || here + unknownScore > target.Score)
                    target = new PathNode(here + unknownScore, start, -1);
            }

            start += size;
        }
    }

    // Written from the end, as the path is read: the caller turns the order round.
    private void AddUnknown(ReadOnlySpan<char> letters, TextRange origin, TokenBuffer into)
    {
        if (bytes is null)
        {
            into.Add(unknown ?? throw new InvalidDataException("The tokenizer's Unigram model has no unk_id, and the text holds a letter that no piece covers. Restore tokenizer.json from where the model came."), origin);
            return;
        }

        var utf8 = new byte[Encoding.UTF8.GetByteCount(letters)];
        Encoding.UTF8.GetBytes(letters, utf8);
        for (var at = utf8.Length - 1; at >= 0; at--)
            into.Add(bytes[utf8[at]], origin);
    }

    private int[]? ByteIds()
    {
        var ids = new int[256];
        for (var value = 0; value < ids.Length; value++)
        {
            ids[value] = trie.Find(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"));
            if (ids[value] < 0)
                return null;
        }

        return ids;
    }
}

/// <summary>The best way to a place in a word.</summary>
/// <param name="Score">Its logarithmic likelihood.</param>
/// <param name="Start">Where its last piece starts; -1 where no way leads.</param>
/// <param name="Id">The piece; -1 for an unknown letter.</param>
internal readonly record struct PathNode(double Score, int Start, int Id);
