using System.Buffers;
using System.Text;
using BatchInference.Models.Tokens.Patterns;
using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens;

/// <summary>Finds added tokens in a text: the leftmost, of these the longest.</summary>
internal sealed class AddedTokens
{
    private static readonly RuneSet Word = RuneSet.RustWord();
    private readonly List<AddedToken> tokens = [];
    private readonly PieceTrie trie = new(64);
    private readonly PieceTrie blanks = new(64);
    private readonly HashSet<char> firsts = [];
    private bool hasBlanks;
    private SearchValues<char> starts = SearchValues.Create("");

    public bool IsEmpty(bool controls) => controls ? tokens.Count == 0 : !hasBlanks;

    /// <summary>Adds a token.</summary>
    /// <param name="pattern">The text to find: its content, as the normaliser leaves it where it is sought in normalised text.</param>
    /// <param name="token">The token.</param>
    public void Add(string pattern, AddedToken token)
    {
        if (pattern.Length == 0)
            return;
        trie.Add(pattern, tokens.Count);
        if (firsts.Add(pattern[0]))
            starts = SearchValues.Create([.. firsts]);
        if (!token.Control)
        {
            blanks.Add(pattern, tokens.Count);
            hasBlanks = true;
        }

        tokens.Add(token);
    }

    /// <summary>The next token in a stretch of text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="from">Where to look from: the end of the token before, or the beginning.</param>
    /// <param name="done">Where the blanks that the token before took end.</param>
    /// <param name="controls">Whether control tokens are sought, too.</param>
    /// <returns>The token, the stretch that it takes with its blanks, and its own end; null where there is none.</returns>
    public (AddedToken Token, TextRange Range, int End)? Next(ReadOnlySpan<char> text, int from, int done, bool controls)
    {
        if (IsEmpty(controls))
            return null;
        for (var at = from; at < text.Length; at++)
        {
            var next = text[at..].IndexOfAny(starts);
            if (next < 0)
                return null;
            at += next;
            var (found, end) = Longest(text, at, controls ? trie : blanks);
            if (found is null)
                continue;
            if (found.SingleWord && (WordBefore(text, at) || WordAt(text, end)))
            {
                at = end - 1;
                continue;
            }

            var (start, own) = (at, end);
            while (found.LeftStrip && start > done && char.IsWhiteSpace(text[start - 1]))
                start--;
            while (found.RightStrip && end < text.Length && char.IsWhiteSpace(text[end]))
                end++;
            return (found, new TextRange(start, end - start), own);
        }

        return null;
    }

    private (AddedToken? Token, int End) Longest(ReadOnlySpan<char> text, int start, PieceTrie trie)
    {
        AddedToken? found = null;
        var end = start;
        for (int node = PieceTrie.Root, at = start; at < text.Length;)
        {
            node = trie.Step(node, text[at++]);
            if (node < 0)
                break;
            if (trie.ValueAt(node) is >= 0 and var value)
                (found, end) = (tokens[value], at);
        }

        return (found, end);
    }

    private static bool WordBefore(ReadOnlySpan<char> text, int at) => at > 0 && Rune.DecodeLastFromUtf16(text[..at], out var rune, out _) == 0 && IsWord(rune);

    private static bool WordAt(ReadOnlySpan<char> text, int at) => at < text.Length && Rune.DecodeFromUtf16(text[at..], out var rune, out _) == 0 && IsWord(rune);

    private static bool IsWord(Rune rune) => Word.Contains(rune.Value);
}
