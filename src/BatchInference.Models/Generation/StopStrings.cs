using BatchInference.Models.Tokens;

namespace BatchInference.Models.Generation;

/// <summary>Tells when the new text of a row holds one of some strings. They stay in the text, as in transformers.</summary>
internal sealed class StopStrings(IReadOnlyList<string> strings, Tokenizer tokenizer)
{
    // A token has at least one byte, save those that are not text.
    private readonly int longest = strings.Select(text => System.Text.Encoding.UTF8.GetByteCount(text)).DefaultIfEmpty().Max() + 8;

    /// <summary>What the loop asks after each token; null when there are no strings.</summary>
    public Func<ReadOnlySpan<int>, bool>? Check => strings.Count == 0 ? null : Stops;

    private bool Stops(ReadOnlySpan<int> ids)
    {
        var end = tokenizer.Decode(ids[Math.Max(0, ids.Length - longest)..], skipSpecialTokens: false);
        return strings.Any(text => end.Contains(text, StringComparison.Ordinal));
    }
}
