using System.Globalization;
using System.Text;
using System.Text.Json;

namespace BatchInference.Documents.Extraction;

/// <summary>Where the text of JSON is: in a named field, in the messages of an OpenAI batch request, else everywhere.</summary>
internal static class Json
{
    // Comments and trailing commas are allowed, nesting is bounded by the parser.
    private static readonly JsonDocumentOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 64 };

    /// <summary>Parses a text. Half a surrogate pair, as programs leave it that cut texts by their length (<c>\ud83d</c>), becomes U+FFFD: it is allowed in JSON (RFC 8259, 8.2) and can be no text.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static JsonDocument Parse(string json) => JsonDocument.Parse(WithoutHalves(json), Options);

    /// <summary>True for a line of an OpenAI batch input file.</summary>
    public static bool IsBatchRequest(JsonElement line) => line.ValueKind == JsonValueKind.Object && line.TryGetProperty("custom_id", out _) && line.TryGetProperty("body", out var body) && body.ValueKind == JsonValueKind.Object;

    /// <summary>What a batch request gives its model to read: the contents of the messages, else <c>input</c> or <c>prompt</c>.</summary>
    public static string BatchText(JsonElement request)
    {
        var body = request.GetProperty("body");
        var text = new StringBuilder();
        if (body.TryGetProperty("messages", out var messages) && messages.ValueKind == JsonValueKind.Array)
            foreach (var message in messages.EnumerateArray())
                if (message.ValueKind == JsonValueKind.Object && message.TryGetProperty("content", out var content)) Append(text, content, "text");
        foreach (var name in (string[])["input", "prompt"])
            if (text.Length == 0 && body.TryGetProperty(name, out var input)) Append(text, input, "text");
        return text.ToString();
    }

    /// <summary>The value at a path such as <c>record.text</c>; null when there is none.</summary>
    public static string? At(JsonElement element, string path)
    {
        foreach (var name in path.Split('.'))
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element)) return null;
        return element.ValueKind switch
        {
            JsonValueKind.String => element.GetString(),
            JsonValueKind.Null or JsonValueKind.Undefined => null,
            JsonValueKind.Array => Joined(element),
            _ => element.GetRawText(),
        };
    }

    /// <summary>Every text of a value, in order, each on a line behind its name.</summary>
    public static void AppendAll(JsonElement element, TextBuilder text, string name = "")
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject()) AppendAll(property.Value, text, property.Name);
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray()) AppendAll(item, text, name);
                break;
            case JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False:
                if (name.Length > 0) text.Append($"{name}: ");
                if (element.ToString() is var said && said.Contains('\n', StringComparison.Ordinal)) text.AppendLines(said);
                else text.Append(said);
                text.EndLine();
                break;
        }
    }

    private static string WithoutHalves(string json)
    {
        if (!json.Contains(@"\u", StringComparison.Ordinal)) return json;
        char[]? whole = null;
        for (var index = json.IndexOf('\\', StringComparison.Ordinal); index >= 0 && index + 1 < json.Length; index = json.IndexOf('\\', index))
        {
            // Two backslashes are one that is meant.
            var length = json[index + 1] == 'u' ? 6 : 2;
            if (EscapeAt(json, index) is { } unit && char.IsSurrogate(unit))
            {
                if (char.IsHighSurrogate(unit) && EscapeAt(json, index + length) is { } second && char.IsLowSurrogate(second)) length *= 2;
                else @"\ufffd".CopyTo((whole ??= json.ToCharArray()).AsSpan(index));
            }

            index = Math.Min(index + length, json.Length);
        }

        return whole is null ? json : new string(whole);
    }

    private static char? EscapeAt(string json, int index) =>
        index + 6 <= json.Length && json[index] == '\\' && json[index + 1] == 'u' && ushort.TryParse(json.AsSpan(index + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? (char)unit : null;

    private static string Joined(JsonElement array)
    {
        var text = new StringBuilder();
        foreach (var item in array.EnumerateArray()) Append(text, item, "text");
        return text.ToString();
    }

    // A text, or parts of which some are texts.
    private static void Append(StringBuilder text, JsonElement content, string field)
    {
        if (content.ValueKind == JsonValueKind.Array)
            foreach (var part in content.EnumerateArray())
                Append(text, part, field);
        else if ((content.ValueKind == JsonValueKind.String ? content.GetString() : At(content, field)) is { Length: > 0 } said)
            text.Append(text.Length > 0 ? "\n\n" : "").Append(said);
    }
}
