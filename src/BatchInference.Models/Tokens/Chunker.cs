namespace BatchInference.Models.Tokens;

/// <summary>
/// Cuts the tokens of a document into windows that end at sentence borders. A sentence longer than a window is cut at words, a word longer than a window at tokens.
/// Linear in the length of the document.
/// </summary>
internal sealed class Chunker
{
    private readonly int[] head;
    private readonly int[] tail;
    private readonly int room;

    /// <param name="head">Ids before the text of each window: start token, prefix.</param>
    /// <param name="tail">Ids behind it.</param>
    /// <param name="length">Most tokens of a window, head and tail included.</param>
    public Chunker(int[] head, int[] tail, int length)
    {
        this.head = head;
        this.tail = tail;
        room = length - head.Length - tail.Length;
        ArgumentOutOfRangeException.ThrowIfLessThan(room, 1, nameof(length));
    }

    /// <summary>How many ids stand before the text of each window.</summary>
    public int HeadLength => head.Length;

    /// <summary>Cuts a document. There is always a window, even for a text without any token.</summary>
    /// <param name="text">The document.</param>
    /// <param name="ids">Its tokens.</param>
    /// <param name="offsets">The characters that each token stands for, in text order.</param>
    /// <param name="sentences">Its sentences in text order, disjoint; none where the tasks do not need them: then windows end at words.</param>
    /// <param name="spans">For how many sentences, from the first, the windows tell which tokens are theirs.</param>
    public IReadOnlyList<TokenChunk> Cut(string text, ReadOnlySpan<int> ids, ReadOnlySpan<TextRange> offsets, IReadOnlyList<TextRange> sentences, int spans)
    {
        var starts = FirstTokens(offsets, sentences);
        var chunks = new List<TokenChunk>();
        var (first, from, sentence) = (0, 0, 0);
        do
        {
            var end = End(text, offsets, starts, first, ref sentence);
            var to = end == ids.Length ? text.Length : Math.Clamp(Border(offsets, sentences, starts, sentence, end), from, text.Length);
            chunks.Add(new TokenChunk
            {
                Index = chunks.Count,
                Ids = [.. head, .. ids[first..end], .. tail],
                Range = new TextRange(from, to - from),
                TextTokens = end - first,
                Sentences = Spans(starts, first, end, sentence, Math.Min(spans, sentences.Count)),
            });
            (first, from) = (end, to);
        }
        while (first < ids.Length);
        return chunks;
    }

    // Index of the first token of each sentence, and the number of tokens as the last entry. A token belongs to the sentence in which its last character lies:
    // many tokenizers count the blank before a word as part of it.
    private static int[] FirstTokens(ReadOnlySpan<TextRange> offsets, IReadOnlyList<TextRange> sentences)
    {
        var starts = new int[sentences.Count + 1];
        var token = 0;
        for (var sentence = 1; sentence < sentences.Count; sentence++)
        {
            while (token < offsets.Length && Last(offsets[token]) < sentences[sentence].Start)
                token++;
            starts[sentence] = token;
        }

        starts[sentences.Count] = offsets.Length;
        return starts;
    }

    private static int Last(TextRange token) => Math.Max(token.Start, token.End - 1);

    // Moves `sentence` to the first sentence that starts behind `first`, and further as long as whole sentences fit.
    private int End(string text, ReadOnlySpan<TextRange> offsets, int[] starts, int first, ref int sentence)
    {
        var limit = first + room;
        if (limit >= offsets.Length)
        {
            sentence = starts.Length - 1;
            return offsets.Length;
        }

        while (sentence + 1 < starts.Length && starts[sentence + 1] <= limit)
            sentence++;
        return starts[sentence] > first && starts[sentence] <= limit ? starts[sentence] : WordBefore(text, offsets, first, limit);
    }

    // Not more than a quarter of the window is given up for the sake of a word.
    private int WordBefore(string text, ReadOnlySpan<TextRange> offsets, int first, int limit)
    {
        var earliest = Math.Max(first + 1, limit - room / 4);
        for (var token = limit; token >= earliest; token--)
            if (StartsWord(text, offsets[token].Start))
                return token;
        for (var token = limit; token >= earliest; token--)
            if (offsets[token].Start >= offsets[token - 1].End)
                return token;
        return limit;
    }

    private static bool StartsWord(string text, int at) => at < text.Length && (char.IsWhiteSpace(text[at]) || (at > 0 && char.IsWhiteSpace(text[at - 1])));

    private static int Border(ReadOnlySpan<TextRange> offsets, IReadOnlyList<TextRange> sentences, int[] starts, int sentence, int end) =>
        sentence < sentences.Count && starts[sentence] == end ? sentences[sentence].Start : offsets[end].Start;

    private SentenceSpan[] Spans(int[] starts, int first, int end, int next, int known)
    {
        // `next` is the first sentence behind the window, or the one that the window's end cuts.
        var last = Math.Min(next, known - 1);
        var begin = last;
        while (begin > 0 && starts[begin] > first)
            begin--;
        var spans = new List<SentenceSpan>();
        for (var sentence = Math.Max(begin, 0); sentence <= last; sentence++)
        {
            var (from, to) = (Math.Max(starts[sentence], first), Math.Min(starts[sentence + 1], end));
            if (to > from)
                spans.Add(new SentenceSpan(sentence, head.Length + from - first, to - from));
        }

        return [.. spans];
    }
}
