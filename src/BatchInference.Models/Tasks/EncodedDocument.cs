using BatchInference.Models.Tokens;

namespace BatchInference.Models.Tasks;

/// <summary>What a sentence encoder says of one document: a vector of the whole and one of each sentence.</summary>
public sealed class EncodedDocument
{
    /// <summary>The whole extracted text.</summary>
    public required string Text { get; init; }

    /// <summary>ISO 639 code of its language, if known.</summary>
    public string? Language { get; init; }

    /// <summary>Mean of the last hidden states of all tokens of all windows, special tokens and prefix included; as wide as the model, not normalised.</summary>
    public required ReadOnlyMemory<float> Vector { get; init; }

    /// <summary>The sentences in text order, trimmed of blanks; empty unless a task asks for them.</summary>
    public IReadOnlyList<TextRange> Sentences { get; init; } = [];

    /// <summary>How many sentences stand behind <see cref="Sentences"/> and are not looked at one by one.</summary>
    public int SentencesBehind { get; init; }

    /// <summary>Mean of the states of each sentence's own tokens, by index in <see cref="Sentences"/>; not normalised.</summary>
    public IReadOnlyList<float[]> SentenceVectors { get; init; } = [];

    /// <summary>How many tokens each sentence has.</summary>
    public IReadOnlyList<int> SentenceTokens { get; init; } = [];
}
