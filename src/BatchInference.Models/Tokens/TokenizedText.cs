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

    /// <summary>For each token the text that it is of: 0, 1, or -1 for tokens of the template.</summary>
    public required int[] Texts { get; init; }

    /// <summary>For each token 1 if the model reads it, 0 if it only fills the row up; null means that it reads all.</summary>
    public int[]? Mask { get; init; }

    /// <summary>Fills rows up to the longest.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="padding">The token to fill with.</param>
    /// <param name="left">Whether it stands before the text, as decoders need it.</param>
    public static IReadOnlyList<TokenizedText> Pad(IReadOnlyList<TokenizedText> rows, int padding, bool left = false)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var length = rows.Select(row => row.Ids.Length).DefaultIfEmpty().Max();
        return [.. rows.Select(row => row.Padded(length, padding, left))];
    }

    private TokenizedText Padded(int length, int padding, bool left)
    {
        var missing = length - Ids.Length;
        return new TokenizedText
        {
            Ids = Filled(Ids, padding, missing, left),
            Offsets = Filled(Offsets, default, missing, left),
            Texts = Filled(Texts, -1, missing, left),
            TypeIds = Filled(TypeIds, 0, missing, left),
            Mask = Filled(Mask ?? [.. Enumerable.Repeat(1, Ids.Length)], 0, missing, left),
        };
    }

    private static T[] Filled<T>(T[] values, T filling, int missing, bool left)
    {
        var more = Enumerable.Repeat(filling, missing);
        return left ? [.. more, .. values] : [.. values, .. more];
    }
}
