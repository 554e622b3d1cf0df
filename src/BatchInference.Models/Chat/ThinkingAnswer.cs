namespace BatchInference.Models.Chat;

/// <summary>The answer of a model that may think aloud first, between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>.</summary>
/// <param name="Text">The answer itself; empty when the model never came to it.</param>
/// <param name="Reasoning">What it thought; null when it did not.</param>
internal sealed record ThinkingAnswer(string Text, string? Reasoning)
{
    private const string Open = "<think>";
    private const string Close = "</think>";

    /// <summary>Takes an answer apart.</summary>
    /// <param name="answer">What the model wrote.</param>
    /// <param name="open">True when the prompt itself opened the thought, as R1's template does.</param>
    public static ThinkingAnswer Of(string answer, bool open)
    {
        var end = answer.LastIndexOf(Close, StringComparison.Ordinal);
        var start = answer.IndexOf(Open, StringComparison.Ordinal);
        if (end >= 0)
        {
            var from = start >= 0 && start < end ? start + Open.Length : 0;
            return new ThinkingAnswer(answer[(end + Close.Length)..].Trim(), Blank(answer[from..end]));
        }

        // A thought that the length cut off is no answer.
        if (open || start >= 0)
            return new ThinkingAnswer(start > 0 ? answer[..start].Trim() : "", Blank(start >= 0 ? answer[(start + Open.Length)..] : answer));
        return new ThinkingAnswer(answer.Trim(), null);
    }

    private static string? Blank(string text) => text.Trim() is { Length: > 0 } thought ? thought : null;
}
