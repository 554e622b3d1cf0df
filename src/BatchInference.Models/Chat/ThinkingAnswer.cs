using BatchInference.Models.Tokens;

namespace BatchInference.Models.Chat;

/// <summary>The answer of a model that may think aloud first, between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>.</summary>
/// <param name="Text">The answer itself; empty when the model never came to it.</param>
/// <param name="Reasoning">What it thought; null when it did not.</param>
internal sealed record ThinkingAnswer(string Text, string? Reasoning)
{
    /// <summary>What ends an open thought without a word.</summary>
    public const string Closing = "\n\n</think>\n\n";

    private const string Open = "<think>";
    private const string Close = "</think>";

    /// <summary>True when a prompt ends inside a thought.</summary>
    public static bool IsOpen(string prompt) => prompt.LastIndexOf(Open, StringComparison.Ordinal) > prompt.LastIndexOf(Close, StringComparison.Ordinal);

    /// <summary>Takes an answer apart.</summary>
    /// <param name="ids">The new tokens. Where the tokenizer has tokens for the borders only these count: a document that speaks of them and is quoted moves no border.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="open">True when the prompt itself opened the thought, as R1's template does.</param>
    public static ThinkingAnswer Of(ReadOnlySpan<int> ids, Tokenizer tokenizer, bool open)
    {
        if (tokenizer.IdOf(Close) is not { } close)
            return Of(tokenizer.Decode(ids, skipSpecialTokens: true), open);
        var end = ids.LastIndexOf(close);
        var start = tokenizer.IdOf(Open) is { } opening ? ids.IndexOf(opening) : -1;
        if (end < 0 && start < 0)
            return open ? new ThinkingAnswer("", Thought(ids, tokenizer)) : new ThinkingAnswer(Answer(ids, tokenizer), null);
        var from = start >= 0 && (end < 0 || start < end) ? start + 1 : 0;
        // A thought that the length cut off is no answer.
        return end < 0
            ? new ThinkingAnswer(open ? "" : Answer(ids[..start], tokenizer), Thought(ids[from..], tokenizer))
            : new ThinkingAnswer(Answer(ids[(end + 1)..], tokenizer), Thought(ids[from..end], tokenizer));
    }

    /// <summary>Takes an answer apart where the borders are ordinary text.</summary>
    /// <param name="answer">What the model wrote.</param>
    /// <param name="open">True when the prompt itself opened the thought.</param>
    public static ThinkingAnswer Of(string answer, bool open)
    {
        var end = answer.LastIndexOf(Close, StringComparison.Ordinal);
        var start = answer.IndexOf(Open, StringComparison.Ordinal);
        if (end >= 0)
        {
            var from = start >= 0 && start < end ? start + Open.Length : 0;
            return new ThinkingAnswer(answer[(end + Close.Length)..].Trim(), Blank(answer[from..end]));
        }

        if (open || start >= 0)
            return new ThinkingAnswer(start > 0 ? answer[..start].Trim() : "", Blank(start >= 0 ? answer[(start + Open.Length)..] : answer));
        return new ThinkingAnswer(answer.Trim(), null);
    }

    private static string Answer(ReadOnlySpan<int> ids, Tokenizer tokenizer) => tokenizer.Decode(ids, skipSpecialTokens: true).Trim();

    private static string? Thought(ReadOnlySpan<int> ids, Tokenizer tokenizer) => Blank(tokenizer.Decode(ids, skipSpecialTokens: true));

    private static string? Blank(string text) => text.Trim() is { Length: > 0 } thought ? thought : null;
}
