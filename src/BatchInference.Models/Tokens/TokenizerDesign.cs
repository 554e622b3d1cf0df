using BatchInference.Models.Tokens.Decoding;
using BatchInference.Models.Tokens.Normalization;
using BatchInference.Models.Tokens.PostProcessing;
using BatchInference.Models.Tokens.PreTokenization;
using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens;

/// <summary>The parts of a tokenizer, wherever they were read.</summary>
internal sealed record TokenizerDesign
{
    /// <summary>Rewrites the text; null for nothing.</summary>
    public required Normalizer? Normalizer { get; init; }

    /// <summary>Cuts it into words; null for one word.</summary>
    public required PreTokenizer? PreTokenizer { get; init; }

    public required SubwordModel Model { get; init; }

    public required PostProcessor PostProcessor { get; init; }

    /// <summary>Turns tokens back into text; null joins them with blanks.</summary>
    public required TokenDecoder? Decoder { get; init; }

    /// <summary>Tokens that are found in the text before the model sees it.</summary>
    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    /// <summary>Whether spaces before punctuation are taken away when text is made of tokens.</summary>
    public bool CleansUp { get; init; }

    /// <summary>Whether of two shortened texts the first keeps an odd token.</summary>
    public bool OddToFirst { get; init; }

    /// <summary>The token that fills rows up; null where the tokenizer has none.</summary>
    public string? Padding { get; init; }

    /// <summary>How texts in the target language are read; null for no difference.</summary>
    public TokenizerDesign? Target { get; init; }
}
