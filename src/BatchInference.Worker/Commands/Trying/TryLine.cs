using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BatchInference.Worker.Commands.Trying;

/// <summary>One line that was asked: a text, or two.</summary>
internal sealed record TryLine(string Text, string? Pair)
{
    /// <summary>Reads a line: a JSON string, or a list of two; null when it is neither.</summary>
    public static TryLine? Parse(string line)
    {
        try
        {
            return JsonNode.Parse(line) switch
            {
                JsonValue value when value.TryGetValue<string>(out var text) => new TryLine(text, null),
                JsonArray { Count: 2 } pair when pair[0] is JsonValue first && first.TryGetValue<string>(out var text) && pair[1] is JsonValue second && second.TryGetValue<string>(out var other) => new TryLine(text, other),
                _ => null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>By UTF-16 offset: how many code points lie before it. A lone surrogate counts as one.</summary>
    public static int[] CodePoints(string text)
    {
        var before = new int[text.Length + 1];
        for (var (at, count) = (0, 0); at < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out _, out var length);
            for (var unit = 0; unit < length; unit++)
                before[at + unit] = count;
            at += length;
            before[at] = ++count;
        }

        return before;
    }
}
