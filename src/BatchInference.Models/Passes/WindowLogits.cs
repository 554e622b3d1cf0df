namespace BatchInference.Models.Passes;

/// <summary>What a classification model says of one window.</summary>
/// <param name="logits">One number a label, before softmax or sigmoid.</param>
/// <param name="tokens">Tokens of the document's own text in the window: its weight.</param>
internal sealed class WindowLogits(float[] logits, int tokens) : ChunkPrediction
{
    public float[] Logits { get; } = logits;

    public int Tokens { get; } = tokens;
}
