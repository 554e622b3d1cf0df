using BatchInference.Models.Onnx;

namespace BatchInference.Models.Chat;

/// <summary>
/// An instruction around a text, for a chat model. The template never sees the text: it is rendered with a mark in its place, and the tokens of the text, made without
/// recognising special tokens, are put between those of the two halves. So no text of an archive can end its turn, open another or raise the template's errors.
/// </summary>
internal sealed class ChatPrompt
{
    /// <summary>What an instruction has where the text belongs.</summary>
    public const string Place = "{text}";

    // Private-use characters: neither blank nor case for any filter of a template to change.
    private const string Mark = "\uE0F1\uE0F2\uE0F1";

    private ChatPrompt(int[] head, int[] tail, bool opensThought)
    {
        Head = head;
        Tail = tail;
        OpensThought = opensThought;
    }

    /// <summary>The tokens before the text.</summary>
    public int[] Head { get; }

    /// <summary>The tokens behind it.</summary>
    public int[] Tail { get; }

    /// <summary>How many tokens a prompt has besides those of its text.</summary>
    public int Length => Head.Length + Tail.Length;

    /// <summary>True when the prompt itself begins the thought of a reasoning model, so that only its end stands in the answer.</summary>
    public bool OpensThought { get; }

    /// <summary>Prepares a prompt.</summary>
    /// <param name="template">The model's template; null for a model without, which is given the bare instruction.</param>
    /// <param name="system">The system message; null for none.</param>
    /// <param name="instruction">What the user says, with <c>{text}</c> once.</param>
    /// <param name="now">The time, for templates that tell it.</param>
    /// <param name="encode">Tokens of a part of the rendered template, special ones recognised, none added.</param>
    /// <param name="settings">Further names that the template knows.</param>
    /// <param name="withoutThought">True to close a thought that the template opens, so that the answer follows at once.</param>
    /// <exception cref="ModelException">The instruction has no place for the text, or the template does not print it once.</exception>
    public static ChatPrompt Of(ChatTemplate? template, string? system, string instruction, DateTimeOffset now, Func<string, int[]> encode, IReadOnlyDictionary<string, object?>? settings = null, bool withoutThought = false)
    {
        if (instruction.Split(Place).Length != 2)
            throw new ModelException($"Expected `{Place}` once in the instruction, found `{instruction}`. Write where the text of the document belongs.");
        var marked = instruction.Replace(Place, Mark, StringComparison.Ordinal);
        ChatMessage[] messages = system is null ? [new("user", marked)] : [new("system", system), new("user", marked)];
        var halves = (template?.Render(messages, true, now, settings) ?? marked).Split(Mark);
        if (halves.Length != 2)
            throw new ModelException($"Expected the chat template to print the instruction once, found it {halves.Length - 1} times. This template is not for conversations; give the model another chat_template.jinja.");
        var opens = ThinkingAnswer.IsOpen(halves[1]);
        var tail = opens && withoutThought ? halves[1].TrimEnd() + ThinkingAnswer.Closing : halves[1];
        return new ChatPrompt(encode(halves[0]), encode(tail), opens && !withoutThought);
    }

    /// <summary>The prompt with a text.</summary>
    /// <param name="text">The tokens of the text, made without recognising special tokens.</param>
    public int[] With(ReadOnlySpan<int> text) => [.. Head, .. text, .. Tail];
}
