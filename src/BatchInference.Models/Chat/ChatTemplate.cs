using System.Text.Json;
using BatchInference.Models.Chat.Jinja;
using BatchInference.Models.Onnx;

namespace BatchInference.Models.Chat;

/// <summary>The chat template of a model: <c>chat_template.jinja</c>, else <c>chat_template</c> of <c>tokenizer_config.json</c>; rendered as <c>apply_chat_template</c> of transformers 4.57 does.</summary>
internal sealed class ChatTemplate
{
    private static readonly string[] SpecialTokens = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    private readonly JinjaTemplate template;
    private readonly Dictionary<string, object?> tokens;
    private readonly string where;

    private ChatTemplate(JinjaTemplate template, Dictionary<string, object?> tokens, string where)
    {
        this.template = template;
        this.tokens = tokens;
        this.where = where;
    }

    /// <summary>The folder's template; null when it has none.</summary>
    /// <exception cref="ModelException">The template cannot be used.</exception>
    public static ChatTemplate? Load(ModelFolder folder)
    {
        var config = folder.Json("tokenizer_config.json");
        var (source, where) = folder.Has("chat_template.jinja")
            ? (File.ReadAllText(folder.At("chat_template.jinja")), folder.At("chat_template.jinja"))
            : (Source(config), Path.Combine(folder.Path, "tokenizer_config.json"));
        if (source is null)
            return null;
        try
        {
            return new ChatTemplate(JinjaTemplate.Parse(source), Tokens(config, folder.Json("special_tokens_map.json")), where);
        }
        catch (JinjaException error)
        {
            throw new ModelException($"{where}: expected a chat template that this program can render, found: {error.Message}", error);
        }
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">The turns.</param>
    /// <param name="forAnswer">True to end with what comes before the model's answer.</param>
    /// <param name="now">The time, for templates that tell the model the date.</param>
    /// <param name="settings">Further names that the template knows (<c>enable_thinking</c>).</param>
    /// <exception cref="ModelException">The template refused the conversation or failed.</exception>
    public string Render(IEnumerable<ChatMessage> messages, bool forAnswer, DateTimeOffset now, IReadOnlyDictionary<string, object?>? settings = null)
    {
        var names = new Dictionary<string, object?>(tokens, StringComparer.Ordinal)
        {
            ["messages"] = messages.Select(object? (message) => new JinjaMap([new("role", message.Role), new("content", message.Content)])).ToList(),
            ["tools"] = null,
            ["documents"] = null,
            ["add_generation_prompt"] = forAnswer,
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, object?>())
            names[name] = value;
        try
        {
            return template.Render(names, now);
        }
        catch (JinjaException error)
        {
            throw new ModelException($"{where}: the chat template refused the conversation: {error.Message}", error);
        }
    }

    private static string? Source(JsonElement? config)
    {
        if (config is not { ValueKind: JsonValueKind.Object } known || !known.TryGetProperty("chat_template", out var template))
            return null;
        if (template.ValueKind == JsonValueKind.String)
            return template.GetString();
        // Several templates, by name.
        return template.ValueKind != JsonValueKind.Array ? null : template.EnumerateArray()
            .Where(entry => entry.TryGetProperty("name", out var name) && name.GetString() == "default")
            .Select(entry => entry.GetProperty("template").GetString()).FirstOrDefault();
    }

    private static Dictionary<string, object?> Tokens(params ReadOnlySpan<JsonElement?> sources)
    {
        var tokens = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var source in sources)
        {
            if (source is not { ValueKind: JsonValueKind.Object } known)
                continue;
            foreach (var name in SpecialTokens)
                if (known.TryGetProperty(name, out var value) && Content(value) is { } content)
                    tokens.TryAdd(name, content);
        }

        return tokens;
    }

    private static string? Content(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Object when value.TryGetProperty("content", out var content) => content.GetString(),
        _ => null,
    };
}
