namespace BatchInference.Models.Passes;

/// <summary>What a model wrote about one window.</summary>
/// <param name="round">The window's round.</param>
/// <param name="text">The answer.</param>
/// <param name="reasoning">What it thought before; null when it did not.</param>
/// <param name="ended">False when only the greatest length stopped it.</param>
internal sealed class WrittenWindow(int round, string text, string? reasoning, bool ended) : ChunkPrediction
{
    public int Round { get; } = round;

    public string Text { get; } = text;

    public string? Reasoning { get; } = reasoning;

    public bool Ended { get; } = ended;
}
