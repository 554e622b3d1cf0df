namespace BatchInference.Models.Chat.Jinja;

/// <summary>A place in the tokens of a template.</summary>
internal sealed class JinjaTokens(IReadOnlyList<JinjaToken> tokens)
{
    // A template that nests deeper than this was made to break something.
    private const int MostDepth = 150;

    private const int MostLinks = 2000;

    private int at;
    private int depth;
    private int links;

    public JinjaToken Current => tokens[at];

    public JinjaToken Following => tokens[Math.Min(at + 1, tokens.Count - 1)];

    public JinjaToken Take() => tokens[at < tokens.Count - 1 ? at++ : at];

    public bool Skip(string text)
    {
        if (!Current.Is(text))
            return false;
        at++;
        return true;
    }

    public void Demand(string text)
    {
        if (!Skip(text))
            throw Wrong($"`{text}`");
    }

    public string Name() => Current.Kind == JinjaTokenKind.Name ? Take().Text : throw Wrong("a name");

    public void End()
    {
        if (Current.Kind != JinjaTokenKind.End)
            throw Wrong("the end of the tag");
        at++;
        links = 0;
    }

    /// <summary>Counts a link of a chain (<c>a + b + c</c>, <c>a.b.c</c>): each is evaluated within the next.</summary>
    public void Count()
    {
        if (++links > MostLinks)
            throw Wrong($"at most {MostLinks} operators in a tag");
    }

    /// <summary>Parses something that may hold its like.</summary>
    public T Deeper<T>(Func<T> parse)
    {
        if (++depth > MostDepth)
            throw Wrong($"at most {MostDepth} levels");
        var parsed = parse();
        depth--;
        return parsed;
    }

    public JinjaException Wrong(string expected) => new($"Line {Current.Line} of the chat template: expected {expected}, found {(Current.Text.Length > 0 ? $"`{Current.Text}`" : Current.Kind.ToString())}.");
}
