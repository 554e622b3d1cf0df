namespace BatchInference.Models.Tokens.Subwords;

/// <summary>Every word is one token, or the unknown one.</summary>
internal sealed class WordLevelModel : SubwordModel
{
    private readonly int unknown;
    private readonly bool[] refused;

    /// <exception cref="InvalidDataException">The vocabulary lacks the unknown token.</exception>
    public WordLevelModel(Vocabulary vocabulary, string unknown, IEnumerable<int> controls)
        : base(vocabulary)
    {
        this.unknown = vocabulary.Find(unknown);
        if (this.unknown < 0)
            throw new InvalidDataException($"the vocabulary has no unk_token \"{unknown}\".");
        refused = Refused(vocabulary, controls);
    }

    public override void Tokenize(ReadOnlySpan<char> word, bool controls, TokenBuffer into)
    {
        var id = Vocabulary.Find(word);
        into.Add(id < 0 || (refused[id] && !controls) ? unknown : id, new TextRange(0, word.Length));
    }
}
