namespace BatchInference.Models.Tokens.Decoding;

/// <summary>Takes away spaces that tokens leave before punctuation and English contractions.</summary>
internal static class TextCleanup
{
    private static readonly (string From, string To)[] Spaces =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    /// <summary>As transformers does at the end of decoding (<c>clean_up_tokenization_spaces</c>).</summary>
    public static string Spaced(string text)
    {
        foreach (var (from, to) in Spaces)
            text = text.Replace(from, to, StringComparison.Ordinal);
        return text;
    }

    /// <summary>As the WordPiece decoder does token by token, which also shortens "do not".</summary>
    public static string Whole(string token) => Spaced(token).Replace(" do not", " don't", StringComparison.Ordinal);
}
