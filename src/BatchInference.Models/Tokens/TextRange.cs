namespace BatchInference.Models.Tokens;

/// <summary>A stretch of a text, in UTF-16 units.</summary>
public readonly record struct TextRange(int Start, int Length)
{
    /// <summary>The offset behind the last character.</summary>
    public int End => Start + Length;

    /// <summary>The characters themselves.</summary>
    public ReadOnlySpan<char> Of(string text) => text.AsSpan(Start, Length);
}
