namespace BatchInference.Models.Tokens.Subwords;

/// <summary>The longest token that a word begins with, then the longest continuation, and so on; a word that cannot be told so is unknown as a whole.</summary>
internal sealed class WordPieceModel : SubwordModel
{
    private readonly PieceTrie trie;
    private readonly int continuation;
    private readonly int unknown;
    private readonly int longestWord;
    private readonly bool[] refused;

    /// <param name="vocabulary">The tokens.</param>
    /// <param name="unknown">The token for words that cannot be told by others.</param>
    /// <param name="prefix">What stands before tokens that do not begin a word (<c>##</c>).</param>
    /// <param name="longestWord">Words of more code points are unknown.</param>
    /// <param name="controls">Ids that ordinary text must never yield.</param>
    /// <exception cref="InvalidDataException">The vocabulary lacks the unknown token.</exception>
    public WordPieceModel(Vocabulary vocabulary, string unknown, string prefix, int longestWord, IEnumerable<int> controls)
        : base(vocabulary)
    {
        trie = vocabulary.Trie;
        this.longestWord = longestWord;
        this.unknown = vocabulary.Find(unknown);
        if (this.unknown < 0)
            throw new InvalidDataException($"the vocabulary has no unk_token \"{unknown}\".");
        refused = Refused(vocabulary, controls);
        for (var at = 0; at < prefix.Length && continuation >= 0; at++)
            continuation = trie.Step(continuation, prefix[at]);
    }

    public override void Tokenize(ReadOnlySpan<char> word, bool controls, TokenBuffer into)
    {
        var first = into.Count;
        if (word.Length <= longestWord || CodePoints(word) <= longestWord)
        {
            var start = 0;
            while (start < word.Length && Longest(word, start, controls) is (>= 0 and var id, var end))
            {
                into.Add(id, new TextRange(start, end - start));
                start = end;
            }

            if (start == word.Length)
                return;
        }

        into.Truncate(first);
        into.Add(unknown, new TextRange(0, word.Length));
    }

    private (int Id, int End) Longest(ReadOnlySpan<char> word, int start, bool controls)
    {
        var (found, end) = (-1, start);
        var node = start == 0 ? PieceTrie.Root : continuation;
        for (var at = start; at < word.Length && node >= 0;)
        {
            node = trie.Step(node, word[at++]);
            if (node >= 0 && trie.ValueAt(node) is >= 0 and var id && (controls || !refused[id]))
                (found, end) = (id, at);
        }

        return (found, end);
    }

    private static int CodePoints(ReadOnlySpan<char> word)
    {
        var count = 0;
        for (var at = 0; at < word.Length; at += AlignedText.SizeAt(word, at))
            count++;
        return count;
    }
}
