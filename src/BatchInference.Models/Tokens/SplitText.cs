namespace BatchInference.Models.Tokens;

/// <summary>A document cut for one pass: its windows and what is needed to put their predictions together again.</summary>
public sealed class SplitText
{
    /// <summary>The whole extracted text.</summary>
    public required string Text { get; init; }

    /// <summary>ISO 639 code of its language, if known.</summary>
    public string? Language { get; init; }

    /// <summary>The sentences in text order; empty where the pass does not need them.</summary>
    public IReadOnlyList<TextRange> Sentences { get; init; } = [];

    /// <summary>How many sentences stand behind <see cref="Sentences"/> and are not looked at one by one.</summary>
    public int SentencesBehind { get; init; }

    /// <summary>The windows in text order.</summary>
    public required IReadOnlyList<TokenChunk> Chunks { get; init; }

    /// <summary>Tokens of the whole text, without special tokens and prefix.</summary>
    public required long TotalTokens { get; init; }

    /// <summary>Those of them that lie in a window; less than <see cref="TotalTokens"/> when the model does not read everything.</summary>
    public required long ReadTokens { get; init; }
}
