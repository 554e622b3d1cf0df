namespace BatchInference.Models.Tokens.Normalization;

/// <summary>The normalisation forms of Unicode.</summary>
internal enum UnicodeForm
{
    /// <summary>Canonically decomposed, then composed.</summary>
    Nfc,

    /// <summary>Canonically decomposed.</summary>
    Nfd,

    /// <summary>Decomposed for compatibility, then composed.</summary>
    Nfkc,

    /// <summary>Decomposed for compatibility.</summary>
    Nfkd,
}
