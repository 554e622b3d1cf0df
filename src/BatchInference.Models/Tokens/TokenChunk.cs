namespace BatchInference.Models.Tokens;

/// <summary>One window of a document: the row that a model reads at once.</summary>
public sealed class TokenChunk
{
    /// <summary>Position among the chunks of its document and pass, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Token ids with the special tokens and the prefix that the program puts in; never padded.</summary>
    public required int[] Ids { get; init; }

    /// <summary>Segment ids where the model has them (pairs); null means all zero.</summary>
    public int[]? TypeIds { get; init; }

    /// <summary>The characters of the document that lie in this window. The windows of a document part it without gap or overlap.</summary>
    public required TextRange Range { get; init; }

    /// <summary>How many of <see cref="Ids"/> are tokens of the document's own text.</summary>
    public required int TextTokens { get; init; }

    /// <summary>Which round it belongs to: 0 for windows of the document itself; those that follow from predictions count on.</summary>
    public int Round { get; init; }

    /// <summary>The sentences, or parts of sentences, that lie in this window; empty where the pass does not need them.</summary>
    public IReadOnlyList<SentenceSpan> Sentences { get; init; } = [];
}

/// <summary>The tokens of one sentence within one window.</summary>
/// <param name="Sentence">Index of the sentence in the document.</param>
/// <param name="First">Index of its first token in <see cref="TokenChunk.Ids"/>.</param>
/// <param name="Count">How many tokens.</param>
public readonly record struct SentenceSpan(int Sentence, int First, int Count);
