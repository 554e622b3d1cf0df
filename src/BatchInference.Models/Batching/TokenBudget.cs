namespace BatchInference.Models.Batching;

/// <summary>How much a batch may hold. One row alone always fits.</summary>
/// <param name="PaddedTokens">Most padded tokens: rows times longest row.</param>
/// <param name="Rows">Most rows.</param>
public sealed record TokenBudget(int PaddedTokens, int Rows)
{
    /// <summary>How many tokens each row grows by in the model: what a model that writes will add.</summary>
    public int Growth { get; init; }

    /// <summary>True when a batch of this shape may go through the model.</summary>
    public bool Fits(int rows, int length) => rows <= 1 || (rows <= Rows && (long)rows * (length + Growth) <= PaddedTokens);
}
