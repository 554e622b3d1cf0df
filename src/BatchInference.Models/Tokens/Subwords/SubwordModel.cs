namespace BatchInference.Models.Tokens.Subwords;

/// <summary>Finds the tokens of one word. Immutable; what it needs for a word lies in the buffer.</summary>
internal abstract class SubwordModel
{
    /// <summary>The number of tokens, those that were added to the model not counted.</summary>
    public abstract int Size { get; }

    public abstract int? IdOf(string token);

    public abstract string? TokenOf(int id);

    /// <summary>Adds the tokens of the word to the buffer.</summary>
    /// <param name="text">The text in which the word lies.</param>
    /// <param name="word">The word; never empty, never cutting a surrogate pair.</param>
    /// <param name="controls">Whether the ids of control tokens may be found.</param>
    /// <param name="into">Gets ids and origins.</param>
    public abstract void Tokenize(AlignedText text, TextRange word, bool controls, TokenBuffer into);
}
