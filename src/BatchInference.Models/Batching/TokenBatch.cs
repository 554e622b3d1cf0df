using BatchInference.Models.Tokens;

namespace BatchInference.Models.Batching;

/// <summary>Rows that go through a model together, padded to the longest of them.</summary>
public sealed class TokenBatch(IReadOnlyList<TokenChunk> rows)
{
    /// <summary>The rows; their order is that of the predictions.</summary>
    public IReadOnlyList<TokenChunk> Rows { get; } = rows.Count > 0 ? rows : throw new ArgumentException("A batch has at least one row.", nameof(rows));

    /// <summary>Length of the longest row, in tokens.</summary>
    public int Length { get; } = rows.Max(row => row.Ids.Length);

    /// <summary>What the batch costs: rows times longest row.</summary>
    public long PaddedTokens => (long)Rows.Count * Length;
}
