namespace BatchInference.Models.Tokens;

/// <summary>Which of two texts loses tokens when a row is too long.</summary>
public enum TruncationStrategy
{
    /// <summary>The longer, until both are equally long; then both.</summary>
    LongestFirst,

    /// <summary>The first.</summary>
    OnlyFirst,

    /// <summary>The second.</summary>
    OnlySecond,
}

/// <summary>How long rows may be.</summary>
/// <param name="Length">Most tokens of a row, those of the template included.</param>
/// <param name="Strategy">Which text is shortened.</param>
/// <param name="Stride">How many tokens of a text the next row repeats, when what does not fit goes into further rows.</param>
public readonly record struct TokenTruncation(int Length, TruncationStrategy Strategy = TruncationStrategy.LongestFirst, int Stride = 0);
