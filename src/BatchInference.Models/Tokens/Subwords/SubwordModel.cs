namespace BatchInference.Models.Tokens.Subwords;

/// <summary>Finds the tokens of one word. Immutable; what it needs for a word lies in the buffer.</summary>
/// <param name="vocabulary">Its tokens, those that were added to the model not counted.</param>
internal abstract class SubwordModel(Vocabulary vocabulary)
{
    public Vocabulary Vocabulary { get; } = vocabulary;

    /// <summary>Adds the tokens of a word to the buffer.</summary>
    /// <param name="word">The word; never empty, without lone surrogates.</param>
    /// <param name="controls">Whether the ids of control tokens may be found.</param>
    /// <param name="into">Gets ids and, for each, the characters of the word that it stands for.</param>
    public abstract void Tokenize(ReadOnlySpan<char> word, bool controls, TokenBuffer into);

    /// <summary>By id, the tokens that ordinary text must never yield. A token of a single letter is that letter.</summary>
    protected static bool[] Refused(Vocabulary vocabulary, IEnumerable<int> controls)
    {
        var refused = new bool[vocabulary.Size];
        foreach (var id in controls)
            if (vocabulary.Has(id) && vocabulary[id] is var text)
                refused[id] = text.Length > AlignedText.SizeAt(text, 0);
        return refused;
    }
}
