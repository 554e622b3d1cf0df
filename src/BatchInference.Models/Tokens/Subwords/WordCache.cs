namespace BatchInference.Models.Tokens.Subwords;

/// <summary>
/// Remembers the tokens of words. Each word has one place, shared with others; of the words that find theirs taken, one in sixteen takes it over, so that rare words neither
/// drive out common ones nor cost memory. Its entries never change: any number of threads may use it.
/// </summary>
internal sealed class WordCache
{
    private const int Places = 1 << 15;
    private const int LongestWord = 32;
    private readonly Entry?[] entries = new Entry[Places];

    /// <summary>Adds the tokens of a word to the buffer, if the word is known.</summary>
    public bool TryTake(ReadOnlySpan<char> word, bool controls, TokenBuffer into)
    {
        if (word.Length > LongestWord || Volatile.Read(ref entries[Place(word, controls)]) is not { } entry || entry.Controls != controls || !word.SequenceEqual(entry.Word))
            return false;
        into.Add(entry.Ids, entry.Ranges);
        return true;
    }

    /// <summary>Remembers the tokens that the buffer has from <paramref name="first"/> on.</summary>
    public void Keep(ReadOnlySpan<char> word, bool controls, TokenBuffer from, int first)
    {
        if (word.Length > LongestWord)
            return;
        ref var place = ref entries[Place(word, controls)];
        if (Volatile.Read(ref place) is null || from.OneInSixteen())
            Volatile.Write(ref place, new Entry(word.ToString(), controls, from.Ids[first..].ToArray(), from.Offsets[first..].ToArray()));
    }

    private static int Place(ReadOnlySpan<char> word, bool controls)
    {
        var hash = controls ? 0x9E3779B9u : 0;
        foreach (var unit in word)
            hash = (hash ^ unit) * 0x01000193;
        return (int)((hash * 0x9E3779B1u) >> 17);
    }

    private sealed record Entry(string Word, bool Controls, int[] Ids, TextRange[] Ranges);
}
