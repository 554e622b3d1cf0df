namespace BatchInference.Models.Tokens.Subwords;

/// <summary>How a BPE model treats letters and words.</summary>
/// <param name="Unknown">The token for letters that the vocabulary lacks; null: they are left out.</param>
/// <param name="FuseUnknown">Whether neighbouring unknown letters are one token.</param>
/// <param name="ByteFallback">Whether unknown letters are told by their bytes first.</param>
/// <param name="IgnoreMerges">Whether a word that is a token by itself is taken whole.</param>
/// <param name="Prefix">What stands before tokens that do not begin a word.</param>
/// <param name="Suffix">What stands behind tokens that end a word.</param>
internal sealed record BytePairSettings(string? Unknown, bool FuseUnknown, bool ByteFallback, bool IgnoreMerges, string Prefix, string Suffix);
