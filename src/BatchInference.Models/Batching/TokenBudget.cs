namespace BatchInference.Models.Batching;

/// <summary>How much a batch may hold. One row alone always fits.</summary>
/// <param name="PaddedTokens">Most padded tokens: rows times longest row.</param>
/// <param name="Rows">Most rows.</param>
public sealed record TokenBudget(int PaddedTokens, int Rows)
{
    /// <summary>True when a batch of this shape may go through the model.</summary>
    public bool Fits(int rows, int length) => rows <= 1 || (rows <= Rows && (long)rows * length <= PaddedTokens);
}
