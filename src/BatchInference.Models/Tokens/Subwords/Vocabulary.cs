namespace BatchInference.Models.Tokens.Subwords;

/// <summary>The tokens of a model by text and by id. The ids need not be without gaps.</summary>
internal sealed class Vocabulary
{
    /// <summary>One more than the greatest id that is accepted: sixteen times the largest vocabularies of 2026.</summary>
    public const int MostIds = 1 << 22;

    private readonly PieceList pieces = new();
    private readonly PieceTrie trie = new(1024);
    private int[] places = new int[1024];

    /// <summary>One more than the greatest id.</summary>
    public int Size { get; private set; }

    /// <summary>How many tokens were added.</summary>
    public int Count => pieces.Count;

    /// <summary>Finds tokens letter by letter.</summary>
    public PieceTrie Trie => trie;

    /// <summary>Room to write the next token's text into; <see cref="Add(int, int)"/> then adds it.</summary>
    public Span<char> Room(int length) => pieces.Room(length);

    /// <summary>Adds the text that was written into <see cref="Room"/>. A later token with the same text takes its place.</summary>
    /// <exception cref="InvalidDataException">The id is negative or too great.</exception>
    public void Add(int length, int id)
    {
        if (id is < 0 or >= MostIds)
            throw new InvalidDataException($"the id {id} of a token is out of range: expected 0 to {MostIds - 1}.");
        if (id >= places.Length)
            Array.Resize(ref places, Math.Max(2 * places.Length, id + 1));
        pieces.Added(length);
        places[id] = pieces.Count;
        Size = Math.Max(Size, id + 1);
        trie.Add(pieces[pieces.Count - 1], id);
    }

    public void Add(ReadOnlySpan<char> text, int id)
    {
        text.CopyTo(Room(text.Length));
        Add(text.Length, id);
    }

    /// <summary>The id of a token, or -1.</summary>
    public int Find(ReadOnlySpan<char> text) => trie.Find(text);

    /// <summary>The text of a token; empty for an id that has none.</summary>
    public ReadOnlySpan<char> this[int id] => Has(id) ? pieces[places[id] - 1] : default;

    public bool Has(int id) => id >= 0 && id < Size && places[id] > 0;

    /// <summary>The ids of the tokens for the 256 bytes (<c>&lt;0x0A&gt;</c>), -1 where there is none.</summary>
    public int[] ByteTokens()
    {
        var ids = new int[256];
        for (var value = 0; value < ids.Length; value++)
            ids[value] = Find($"<0x{value:X2}>");
        return ids;
    }
}
