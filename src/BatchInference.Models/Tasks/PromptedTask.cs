using System.Text.Json;
using BatchInference.Models.Chat;
using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tokens;

namespace BatchInference.Models.Tasks;

/// <summary>A task of a model that writes: its prompt, its settings of generation, the windows that fit between them. All of it is judged before the graph is loaded.</summary>
public abstract class PromptedTask
{
    /// <summary>Templates that tell the model the date are told this one: an answer must not depend on the day on which it was made.</summary>
    private static readonly DateTimeOffset Day = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    // Below this a window holds no more than a sentence or two, and no summary comes of it.
    private const int ShortestWindow = 16;

    // What a model keeps of a token may be 100 kB and more, so a window whose labels go many ways holds some gigabytes at most; it is never cut below a page for that.
    private const int MostCopiedTokens = 32_768;
    private const int ShortestCopiedWindow = 384;

    private readonly string answers;

    /// <param name="name">The task's name in the job.</param>
    /// <param name="model">The model.</param>
    /// <param name="request">What the task says.</param>
    /// <param name="instruction">What the model is told.</param>
    /// <param name="width">How many rows one window becomes while an answer is made; null for one a beam.</param>
    private protected PromptedTask(string name, ModelUse model, GenerationRequest request, string instruction, int? width = null)
    {
        Name = name;
        Model = model;
        Settings = SettingsOf(model, request, $"task {name}");
        Prompt = PromptOf(model, request, instruction);
        var room = model.Description.Context - Prompt.Length;
        NewTokens = Settings.MaxNewTokens ?? Math.Min((Writes ? null : Settings.MaxLength - 1) ?? MostNewTokens, Math.Max(1, Writes ? room / 4 : room / 2));
        Room = room - (Writes ? NewTokens : 0);
        if (Room < ShortestWindow || (!Writes && NewTokens >= model.Description.Context))
            throw new ModelException($"{model.Folder.Path}: expected room for {ShortestWindow} tokens of a document, found that of the {model.Description.Context} tokens that the model reads the instruction takes {Prompt.Length} and the answer up to {NewTokens}. Shorten the instruction, or lower max_new_tokens.");
        Settings = Settings with { MaxNewTokens = NewTokens, MaxLength = null };
        Width = width ?? Settings.Beams;
        if (width is { } ways)
            Room = Math.Min(Room, Math.Max(MostCopiedTokens / ways - Prompt.Length, ShortestCopiedWindow));
        Chunker = new Chunker(Prompt.Head, Prompt.Tail, Prompt.Length + Room);
        answers = JsonSerializer.Serialize(new { instruction, request.System, request.Thinking, Settings, Prompt.Head, Prompt.Tail });
    }

    /// <summary>The task's name in the job.</summary>
    public string Name { get; }

    /// <summary>The model.</summary>
    public ModelUse Model { get; }

    /// <summary>Lower-case hexadecimal SHA-256 over the model and everything of the task that changes an answer.</summary>
    public string Fingerprint => Model.FingerprintWith(Method, Name, answers, Identity);

    internal GenerationSettings Settings { get; }

    internal ChatPrompt Prompt { get; }

    internal Chunker Chunker { get; }

    /// <summary>Most tokens of an answer.</summary>
    internal int NewTokens { get; }

    /// <summary>Most tokens of a window's own text.</summary>
    internal int Room { get; }

    /// <summary>How many rows one window becomes while an answer is made.</summary>
    internal int Width { get; }

    /// <summary>Names the way in which texts become windows and windows an answer.</summary>
    private protected abstract string Method { get; }

    /// <summary>What changes an answer besides prompt and settings.</summary>
    private protected abstract string Identity { get; }

    /// <summary>Most tokens of an answer where neither task nor model tells.</summary>
    private protected virtual int MostNewTokens => 512;

    // A decoder writes behind what it reads; an encoder–decoder has room of its own for it.
    private bool Writes => Model.Description.Kind == ModelKind.Decoder;

    /// <summary>The model's settings with those of a request over them.</summary>
    internal static GenerationSettings SettingsOf(ModelUse model, GenerationRequest request, string where)
    {
        // Chance is only where the task itself asks for it: the same document is to have the same answer, and an explanation.
        var own = GenerationSettingsFile.Read(model.Folder) with { Sample = false, ReturnSequences = 1 };
        return GenerationSettingsFile.Apply(own, JsonSerializer.SerializeToElement(request.Options), where);
    }

    private static ChatPrompt PromptOf(ModelUse model, GenerationRequest request, string instruction)
    {
        var template = model.Description.Chats ? ChatTemplate.Load(model.Folder) : null;
        if (template is null && request.System is not null)
            throw new ModelException($"{model.Folder.Path}: expected a chat template since the task has a system message, found none. Put what it says into the instruction.");
        var first = true;
        return ChatPrompt.Of(template, request.System, instruction, Day, Encode, new Dictionary<string, object?> { ["enable_thinking"] = request.Thinking }, !request.Thinking);

        // The parts come in their order. Without a template of turns the tokenizer's own stands round the prompt.
        int[] Encode(string part)
        {
            var head = first;
            first = false;
            var tokens = new TokenBuffer();
            if (head && PutsBlank(model.Tokenizer))
                part = part.TrimEnd(' ');
            model.Tokenizer.Encode(part, tokens, recognizeSpecialTokens: template is not null);
            if (template is not null)
                return [.. tokens.Ids];
            return head ? [.. model.Tokenizer.Head, .. tokens.Ids] : [.. tokens.Ids, .. model.Tokenizer.Tail];
        }
    }

    // Whether the tokenizer itself puts the blank before a text's first word: then the one of the instruction would stand there twice.
    private static bool PutsBlank(Tokenizer tokenizer)
    {
        var (with, without) = (new TokenBuffer(), new TokenBuffer());
        tokenizer.Encode(" a", with);
        tokenizer.Encode("a", without);
        return with.Ids.SequenceEqual(without.Ids);
    }
}
