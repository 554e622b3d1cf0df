using System.Globalization;
using System.Text.Json;

namespace BatchInference.Models.Tokens;

/// <summary>A folder's <c>tokenizer_config.json</c>: what transformers changes in a tokenizer after it has read <c>tokenizer.json</c>.</summary>
internal sealed class TokenizerConfig
{
    private static readonly string[] Named = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];
    private readonly JsonElement json;

    private TokenizerConfig(JsonElement json, bool exists) => (this.json, Exists) = (json, exists);

    /// <summary>Whether the folder has the file.</summary>
    public bool Exists { get; }

    /// <summary>The class of the tokenizer, without the ending that tells the fast one; empty where none is named.</summary>
    public string Class => Text("tokenizer_class") is not { } name ? "" : name.EndsWith("Fast", StringComparison.Ordinal) ? name[..^4] : name;

    /// <summary>The special tokens that have a role, then the additional ones.</summary>
    public IEnumerable<string> SpecialTokens => Named.Select(Text).OfType<string>().Concat(Additional());

    /// <exception cref="JsonException">The file is no JSON.</exception>
    public static TokenizerConfig Read(string folder)
    {
        var path = Path.Combine(folder, "tokenizer_config.json");
        if (!File.Exists(path))
            return new TokenizerConfig(default, false);
        using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 64 });
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new JsonException("tokenizer_config.json is no JSON object.");
        return new TokenizerConfig(document.RootElement.Clone(), true);
    }

    /// <summary>A text, or the content of a token; null where there is none.</summary>
    public string? Text(string key) => Value(key) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Object } token when token.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String => content.GetString(),
        _ => null,
    };

    public bool? Flag(string key) => Value(key).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    /// <summary>The tokens that are added to those of <c>tokenizer.json</c>, or change them.</summary>
    public IEnumerable<AddedToken> AddedTokens()
    {
        if (Value("added_tokens_decoder") is not { ValueKind: JsonValueKind.Object } tokens)
            yield break;
        foreach (var token in tokens.EnumerateObject())
            if (int.TryParse(token.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                yield return AddedToken.Read(token.Value, id);
    }

    private IEnumerable<string> Additional() => Value("additional_special_tokens") is { ValueKind: JsonValueKind.Array } tokens
        ? tokens.EnumerateArray().Where(token => token.ValueKind == JsonValueKind.String).Select(token => token.GetString()!)
        : [];

    private JsonElement Value(string key) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var value) ? value : default;
}
