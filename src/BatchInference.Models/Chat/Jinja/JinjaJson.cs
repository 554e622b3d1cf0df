using System.Globalization;
using System.Text;

namespace BatchInference.Models.Chat.Jinja;

/// <summary>JSON as Python's <c>json.dumps(ensure_ascii=False)</c> writes it.</summary>
internal static class JinjaJson
{
    public static string Write(object? value, object? indent, bool sorted)
    {
        var text = new StringBuilder();
        Append(text, value, indent is null ? null : indent as string ?? new string(' ', (int)Math.Clamp(JinjaValues.Long(indent), 0, 100)), sorted, 0);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value, string? indent, bool sorted, int depth)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case bool truth:
                text.Append(truth ? "true" : "false");
                break;
            case long or double:
                text.Append(JinjaValues.Representation(value));
                break;
            case string plain:
                Quote(text, plain);
                break;
            case JinjaMap map:
                var pairs = map.Keys.Zip(map.Values, (key, entry) => (Key: JinjaValues.Text(key), Entry: entry));
                Several(text, sorted ? [.. pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal)] : pairs.ToList(), '{', '}', indent, depth, pair =>
                {
                    Quote(text, pair.Key);
                    text.Append(": ");
                    Append(text, pair.Entry, indent, sorted, depth + 1);
                });
                break;
            case IReadOnlyList<object?> list:
                Several(text, list, '[', ']', indent, depth, entry => Append(text, entry, indent, sorted, depth + 1));
                break;
            default:
                throw new JinjaException($"Object of type {JinjaValues.TypeName(value)} is not JSON serializable");
        }
    }

    private static void Several<T>(StringBuilder text, IReadOnlyList<T> entries, char open, char close, string? indent, int depth, Action<T> append)
    {
        if (depth > 100)
            throw new JinjaException("a value nests too deep for JSON");
        text.Append(open);
        for (var at = 0; at < entries.Count; at++)
        {
            if (at > 0)
                text.Append(indent is null ? ", " : ",");
            NewLine(depth + 1);
            append(entries[at]);
        }

        if (entries.Count > 0)
            NewLine(depth);
        text.Append(close);

        void NewLine(int level)
        {
            if (indent is null)
                return;
            text.Append('\n');
            for (var count = 0; count < level; count++)
                text.Append(indent);
        }
    }

    private static void Quote(StringBuilder text, string plain)
    {
        text.Append('"');
        foreach (var character in plain)
            text.Append(character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => character.ToString(),
            });
        text.Append('"');
    }
}
