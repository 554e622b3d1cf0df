using BatchInference.Models.Generation;
using BatchInference.Models.Labels;
using BatchInference.Models.Onnx;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tokens;

namespace BatchInference.Models.Tasks;

/// <summary>Labels from a model that writes: it can write nothing but the name of a label, and each label has the probability with which it would.</summary>
public sealed class LabelChoiceTask : PromptedTask
{
    private const string List = "{labels}";

    /// <param name="name">The task's name in the job.</param>
    /// <param name="model">A model that writes.</param>
    /// <param name="set">The labels.</param>
    /// <param name="language">ISO 639 code of the descriptions that the model is given.</param>
    /// <param name="request">What the task says of the instruction, in which <c>{labels}</c> stands for the list of labels.</param>
    /// <exception cref="ModelException">The prompt does not fit, or labels cannot be told apart by their tokens.</exception>
    public LabelChoiceTask(string name, ModelUse model, LabelSet set, string language, GenerationRequest request)
        : this(name, model, set, language, request, TrieOf(name, model, set, request))
    {
    }

    private LabelChoiceTask(string name, ModelUse model, LabelSet set, string language, GenerationRequest request, LabelTrie trie)
        : base(name, model, request with { Thinking = false }, (request.Instruction ?? InstructionFor(model)).Replace(List, ListOf(set, language), StringComparison.Ordinal), trie.Width)
    {
        Labels = [.. set.Labels.Select(label => label.Name)];
        Identity = string.Join('\n', Labels);
        Trie = trie;
    }

    /// <summary>What its scores are, in a sentence.</summary>
    public static string ScoresAre => "With which probability the model would write this label if it can write nothing but one of them; not calibrated. The sum over all labels is 1.";

    /// <summary>The names of the labels.</summary>
    public IReadOnlyList<string> Labels { get; }

    internal LabelTrie Trie { get; }

    private protected override string Method => "label choice/2";

    private protected override string Identity { get; }

    private protected override int MostNewTokens => 64;

    // An encoder–decoder that names labels was trained on the bare text.
    private static string InstructionFor(ModelUse model) => model.Description.Kind == ModelKind.EncoderDecoder
        ? "{text}"
        : model.Description.Chats
            ? "Which of these labels fits the text below best?\n{labels}\n\nText:\n{text}\n\nAnswer with the name of the label only."
            : "{labels}\n\n{text}\n\nLabel:";

    private static string ListOf(LabelSet set, string language) => string.Join('\n', set.Labels.Select(label => label.Titles.GetValueOrDefault(language) is { } title && title != label.Name ? $"- {label.Name} ({title})" : $"- {label.Name}"));

    private static LabelTrie TrieOf(string name, ModelUse model, LabelSet set, GenerationRequest request)
    {
        var settings = SettingsOf(model, request, $"task {name}");
        if (settings.EndTokens.Count == 0)
            throw new ModelException($"{model.Folder.Path}: expected `eos_token_id` in generation_config.json, found none: the model could not say where a label ends. Restore the file from where the model came.");
        int[] first = settings.ForcedFirstToken is { } forced ? [forced] : [];
        return new LabelTrie([.. set.Labels.Select(label => first.Concat(TokensOf(model, label.Name)).ToArray())], settings.EndTokens);
    }

    private static int[] TokensOf(ModelUse model, string label)
    {
        var tokens = new TokenBuffer();
        model.Tokenizer.Encode(label, tokens);
        return [.. tokens.Ids];
    }
}
