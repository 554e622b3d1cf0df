namespace BatchInference.Models.Tokens;

/// <summary>One or two texts as a row for a model: with the tokens that its template puts round them.</summary>
public sealed class TokenizedText
{
    /// <summary>The token ids.</summary>
    public required int[] Ids { get; init; }

    /// <summary>For each token the characters of its text, in UTF-16 units; empty at 0 for tokens of the template.</summary>
    public required TextRange[] Offsets { get; init; }

    /// <summary>For each token its segment.</summary>
    public required int[] TypeIds { get; init; }
}
