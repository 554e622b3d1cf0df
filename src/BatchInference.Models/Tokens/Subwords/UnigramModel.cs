using System.Text;
using BatchInference.Models.Onnx;

namespace BatchInference.Models.Tokens.Subwords;

/// <summary>
/// The likeliest pieces of a word (Kudo 2018, "Subword Regularization"), by Viterbi's way over a trie. Of equal paths the one found first stays;
/// neighbouring unknown letters are one token. Linear in the length of the word.
/// </summary>
internal sealed class UnigramModel : SubwordModel
{
    private const double UnknownPenalty = 10;

    private readonly PieceTrie trie;
    private readonly double[] scores;
    private readonly double[] textScores;
    private readonly int? unknown;
    private readonly int[]? bytes;
    private readonly double unknownScore;
    private readonly bool single;

    /// <param name="vocabulary">The pieces.</param>
    /// <param name="scores">Their logarithmic likelihoods by id.</param>
    /// <param name="unknown">The id for letters that no piece covers.</param>
    /// <param name="byteFallback">Whether such letters are told by their bytes where the pieces for bytes exist.</param>
    /// <param name="controls">Ids that ordinary text must never yield.</param>
    /// <param name="single">Whether scores are added up in single precision, as SentencePiece does, where Hugging Face adds in double: near ties differ.</param>
    public UnigramModel(Vocabulary vocabulary, double[] scores, int? unknown, bool byteFallback, IEnumerable<int> controls, bool single = false)
        : base(vocabulary)
    {
        if (unknown is { } id && !vocabulary.Has(id))
            throw new InvalidDataException($"unk_id is {id}, and the vocabulary has {vocabulary.Size} pieces.");
        (trie, this.scores, this.unknown) = (vocabulary.Trie, scores, unknown);
        this.single = single;
        unknownScore = scores.Where(double.IsFinite).DefaultIfEmpty().Min() - UnknownPenalty;
        textScores = [.. scores];
        var refused = Refused(vocabulary, controls);
        for (var piece = 0; piece < refused.Length; piece++)
            if (refused[piece])
                textScores[piece] = double.NegativeInfinity;
        bytes = byteFallback && vocabulary.ByteTokens() is var ids && !ids.Contains(-1) ? ids : null;
    }

    public override void Tokenize(ReadOnlySpan<char> word, bool controls, TokenBuffer into)
    {
        var path = into.Path(word.Length + 1);
        Search(word, controls ? scores : textScores, path);
        var first = into.Count;
        for (var end = word.Length; end > 0;)
        {
            var (id, start) = (path[end].Id, path[end].Start);
            while (id < 0 && start > 0 && path[start].Id < 0)
                start = path[start].Start;
            if (id >= 0)
                into.Add(id, new TextRange(start, end - start));
            else
                AddUnknown(word, new TextRange(start, end - start), into);
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
            var whole = false;
            for (int node = PieceTrie.Root, end = start; end < chars.Length;)
            {
                node = trie.Step(node, chars[end++]);
                if (node < 0)
                    break;
                var id = trie.ValueAt(node);
                if (id < 0 || double.IsNegativeInfinity(scores[id]))
                    continue;
                Offer(ref path[end], Sum(here, scores[id]), start, id == unknown ? -1 : id);
                whole |= end - start == size;
            }

            if (!whole)
                Offer(ref path[start + size], Sum(here, unknownScore), start, -1);

            start += size;
        }
    }

    private static void Offer(ref PathNode target, double score, int start, int id)
    {
        if (target.Start < 0 || score > target.Score)
            target = new PathNode(score, start, id);
    }

    private double Sum(double score, double more) => single ? (float)(score + more) : score + more;

    // Written from the end, as the path is read: the caller turns the order round.
    private void AddUnknown(ReadOnlySpan<char> word, TextRange range, TokenBuffer into)
    {
        if (bytes is null)
        {
            into.Add(unknown ?? throw new ModelException("The tokenizer's Unigram model has no unk_id, and the text holds a letter that no piece covers. Restore tokenizer.json from where the model came."), range);
            return;
        }

        Span<byte> utf8 = stackalloc byte[4];
        for (var end = range.End; end > range.Start;)
        {
            Rune.DecodeLastFromUtf16(word[..end], out var rune, out var size);
            end -= size;
            for (var at = rune.EncodeToUtf8(utf8) - 1; at >= 0; at--)
                into.Add(bytes[utf8[at]], range);
        }
    }
}

/// <summary>The best way to a place in a word.</summary>
/// <param name="Score">Its logarithmic likelihood.</param>
/// <param name="Start">Where its last piece starts; -1 where no way leads.</param>
/// <param name="Id">The piece; -1 for an unknown letter.</param>
internal readonly record struct PathNode(double Score, int Start, int Id);
