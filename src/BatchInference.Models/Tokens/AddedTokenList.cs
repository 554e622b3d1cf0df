using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens;

/// <summary>The added tokens of a tokenizer while its files are read. A token is known by its text; a later description takes the place of an earlier one.</summary>
internal sealed class AddedTokenList(Vocabulary vocabulary)
{
    private readonly Dictionary<string, AddedToken> tokens = new(StringComparer.Ordinal);
    private int behind;

    public IReadOnlyList<AddedToken> Tokens => [.. tokens.Values];

    /// <exception cref="InvalidDataException">The id is out of range.</exception>
    public void Set(AddedToken token)
    {
        if (token.Id is < 0 or >= Vocabulary.MostIds)
            throw new InvalidDataException($"the id {token.Id} of the added token \"{token.Content}\" is out of range: expected 0 to {Vocabulary.MostIds - 1}.");
        if (token.Content.Length == 0)
            return;
        tokens[token.Content] = token;
        behind = Math.Max(behind, token.Id + 1);
    }

    /// <summary>Adds a token with the id that the vocabulary has for it, else the next free one: the reference implementation does not go by the id that a file tells.</summary>
    public void Add(AddedToken token) => Set(token with { Id = IdOf(token.Content) ?? Math.Max(vocabulary.Count, behind) });

    /// <summary>The id of a token, added or not; null where there is none.</summary>
    public int? IdOf(string content) => tokens.TryGetValue(content, out var token) ? token.Id : vocabulary.Find(content) is >= 0 and var id ? id : null;

    /// <summary>Adds what transformers adds: the tokens of its configuration, then those that have a role and are not among them.</summary>
    public void Change(TokenizerConfig config)
    {
        var special = config.SpecialTokens.ToHashSet(StringComparer.Ordinal);
        foreach (var token in config.AddedTokens())
            Add(token with { Special = token.Special || special.Contains(token.Content) });
        foreach (var content in special.Where(content => !tokens.ContainsKey(content)))
            Add(new AddedToken(0, content, false, false, false, false, true));
    }
}
