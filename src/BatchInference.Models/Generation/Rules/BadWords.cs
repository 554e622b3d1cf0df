namespace BatchInference.Models.Generation.Rules;

/// <summary>Forbids the last token of each given sequence where the row ends with its other tokens.</summary>
/// <remarks>As in transformers, a sequence of several tokens counts only when the row, prompt included, is at least as long as it; an end token alone is never forbidden.</remarks>
internal sealed class BadWords(IEnumerable<IReadOnlyList<int>> words, IReadOnlyList<int> endTokens) : LogitsRule
{
    private readonly int[][] words = [.. words.Where(word => word.Count != 1 || !endTokens.Contains(word[0])).Select(word => word.ToArray())];

    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores)
    {
        foreach (var word in words)
        {
            var fits = word.Length == 1 || (word.Length <= row.Ids.Length && row.Ids.EndsWith(word.AsSpan(0, word.Length - 1)));
            if (fits && (uint)word[^1] < (uint)scores.Length)
                scores[word[^1]] = float.NegativeInfinity;
        }
    }
}
