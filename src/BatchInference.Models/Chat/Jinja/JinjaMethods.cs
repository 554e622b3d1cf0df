using System.Globalization;

namespace BatchInference.Models.Chat.Jinja;

/// <summary>The methods of Python's texts and mappings that chat templates call. None changes its object: the sandbox of transformers forbids that too.</summary>
internal static class JinjaMethods
{
    // Python's str.strip() without argument: its blanks are those of str.isspace.
    private static readonly char[] Blanks =
        [' ', '\t', '\n', '\v', '\f', '\r', '\x1c', '\x1d', '\x1e', '\x1f', '\x85', '\xa0', '\u1680', .. Enumerable.Range(0x2000, 11).Select(code => (char)code), '\u2028', '\u2029', '\u202f', '\u205f', '\u3000'];

    /// <summary>The method bound to the value; null when there is none of this name.</summary>
    public static JinjaFunction? Find(object? value, string name) => value switch
    {
        string text => OfText(text, name),
        JinjaMap map => OfMap(map, name),
        IReadOnlyList<object?> list => OfList(list, name),
        _ => null,
    };

    public static string Strip(string text, object? characters = null, bool start = true, bool end = true)
    {
        var set = characters is null ? Blanks : JinjaValues.Text(characters).ToCharArray();
        text = start ? text.TrimStart(set) : text;
        return end ? text.TrimEnd(set) : text;
    }

    public static string Title(string text) => Cased(text, word: true);

    public static string Capitalize(string text) => text.Length == 0 ? text : Cased(text, word: false);

    private static JinjaFunction? OfText(string text, string name) => name switch
    {
        "strip" => (values, _) => Strip(text, At(values, 0)),
        "lstrip" => (values, _) => Strip(text, At(values, 0), end: false),
        "rstrip" => (values, _) => Strip(text, At(values, 0), start: false),
        "split" => (values, named) => Split(text, At(values, 0) ?? named.GetValueOrDefault("sep"), At(values, 1) ?? named.GetValueOrDefault("maxsplit"), false),
        "rsplit" => (values, named) => Split(text, At(values, 0) ?? named.GetValueOrDefault("sep"), At(values, 1) ?? named.GetValueOrDefault("maxsplit"), true),
        "splitlines" => (_, _) => Lines(text),
        "startswith" => (values, _) => Any(values, part => text.StartsWith(part, StringComparison.Ordinal)),
        "endswith" => (values, _) => Any(values, part => text.EndsWith(part, StringComparison.Ordinal)),
        "replace" => (values, _) => Replace(text, Text(values, 0), Text(values, 1), At(values, 2)),
        "upper" => (_, _) => text.ToUpperInvariant(),
        "lower" => (_, _) => text.ToLowerInvariant(),
        "title" => (_, _) => Title(text),
        "capitalize" => (_, _) => Capitalize(text),
        "join" => (values, _) => JinjaOperators.Join(text, JinjaValues.Entries(At(values, 0)).Select(JinjaValues.Text)),
        "find" => (values, _) => Place(text, text.IndexOf(Text(values, 0), StringComparison.Ordinal)),
        "rfind" => (values, _) => Place(text, text.LastIndexOf(Text(values, 0), StringComparison.Ordinal)),
        "index" => (values, _) => text.IndexOf(Text(values, 0), StringComparison.Ordinal) is >= 0 and var at ? Place(text, at) : throw new JinjaException("substring not found"),
        "count" => (values, _) => Text(values, 0) is { Length: > 0 } part ? (long)text.Split(part).Length - 1 : JinjaValues.Length(text) + 1L,
        "removeprefix" => (values, _) => text.StartsWith(Text(values, 0), StringComparison.Ordinal) ? text[Text(values, 0).Length..] : text,
        "removesuffix" => (values, _) => text.EndsWith(Text(values, 0), StringComparison.Ordinal) ? text[..^Text(values, 0).Length] : text,
        "partition" => (values, _) => Partition(text, Text(values, 0), text.IndexOf(Text(values, 0), StringComparison.Ordinal), true),
        "rpartition" => (values, _) => Partition(text, Text(values, 0), text.LastIndexOf(Text(values, 0), StringComparison.Ordinal), false),
        "isdigit" or "isnumeric" or "isdecimal" => (_, _) => text.Length > 0 && text.All(char.IsDigit),
        "isalpha" => (_, _) => text.Length > 0 && text.All(char.IsLetter),
        "isalnum" => (_, _) => text.Length > 0 && text.All(char.IsLetterOrDigit),
        "isspace" => (_, _) => text.Length > 0 && text.All(character => Blanks.Contains(character)),
        "isupper" => (_, _) => text.Any(char.IsUpper) && !text.Any(char.IsLower),
        "islower" => (_, _) => text.Any(char.IsLower) && !text.Any(char.IsUpper),
        "zfill" => (values, _) => text.StartsWith('-') || text.StartsWith('+') ? text[0] + text[1..].PadLeft(Width(values) - 1, '0') : text.PadLeft(Width(values), '0'),
        "ljust" => (values, _) => text.PadRight(Width(values), Fill(values)),
        "rjust" => (values, _) => text.PadLeft(Width(values), Fill(values)),
        _ => null,
    };

    private static JinjaFunction? OfMap(JinjaMap map, string name) => name switch
    {
        "items" => (_, _) => Items(map),
        "keys" => (_, _) => map.Keys.ToList(),
        "values" => (_, _) => map.Values.ToList(),
        "get" => (values, _) => map.TryGet(At(values, 0), out var value) ? value : At(values, 1),
        "copy" => (_, _) => map.Copy(),
        "update" or "pop" or "popitem" or "clear" or "setdefault" => throw Unsafe(name, "dict"),
        _ => null,
    };

    private static JinjaFunction? OfList(IReadOnlyList<object?> list, string name) => name switch
    {
        "count" => (values, _) => (long)list.Count(entry => JinjaValues.AreEqual(entry, At(values, 0))),
        "index" => (values, _) => Enumerable.Range(0, list.Count).FirstOrDefault(at => JinjaValues.AreEqual(list[at], At(values, 0)), -1) is >= 0 and var at ? (long)at : throw new JinjaException("the value is not in the list"),
        "append" or "extend" or "insert" or "pop" or "remove" or "clear" or "sort" or "reverse" => throw Unsafe(name, "list"),
        _ => null,
    };

    public static List<object?> Items(JinjaMap map) => [.. map.Keys.Zip(map.Values, (key, value) => (object?)new JinjaTuple([key, value]))];

    private static JinjaException Unsafe(string name, string type) => new($"access to attribute '{name}' of '{type}' object is unsafe.");

    private static object? At(IReadOnlyList<object?> values, int index) => index < values.Count ? values[index] : null;

    private static string Text(IReadOnlyList<object?> values, int index) => At(values, index) as string ?? throw new JinjaException($"expected a text as argument {index + 1}, found {JinjaValues.TypeName(At(values, index))}");

    private static int Width(IReadOnlyList<object?> values) => JinjaValues.Long(At(values, 0)) is >= 0 and <= 10_000 and var width ? (int)width : throw new JinjaException("expected a width from 0 to 10000");

    private static char Fill(IReadOnlyList<object?> values) => values.Count > 1 ? Text(values, 1)[0] : ' ';

    private static bool Any(IReadOnlyList<object?> values, Func<string, bool> holds) =>
        At(values, 0) is IReadOnlyList<object?> several ? several.Any(part => holds(JinjaValues.Text(part))) : holds(Text(values, 0));

    private static long Place(string text, int at) => at < 0 ? -1 : JinjaValues.Length(text[..at]);

    private static JinjaTuple Partition(string text, string sign, int at, bool first) =>
        new(at >= 0 ? [text[..at], sign, text[(at + sign.Length)..]] : first ? [text, "", ""] : ["", "", text]);

    private static string Replace(string text, string old, string by, object? count)
    {
        if (old.Length == 0 || text.Length / old.Length * (long)by.Length > JinjaOperators.MostCharacters)
            throw new JinjaException("replacing an empty text, or growing one beyond all bounds, is not built");
        if (count is null || JinjaValues.Long(count) < 0)
            return text.Replace(old, by, StringComparison.Ordinal);
        var parts = text.Split(old, (int)Math.Min(int.MaxValue, JinjaValues.Long(count) + 1));
        return string.Join(by, parts);
    }

    private static List<object?> Split(string text, object? sign, object? most, bool fromEnd)
    {
        var limit = most is null ? -1 : JinjaValues.Long(most);
        if (sign is not null && JinjaValues.Text(sign) is { Length: > 0 } separator)
        {
            var parts = text.Split(separator).ToList<object?>();
            if (limit < 0 || parts.Count <= limit + 1)
                return parts;
            var kept = (int)limit;
            return fromEnd
                ? [string.Join(separator, parts.Take(parts.Count - kept)), .. parts.Skip(parts.Count - kept)]
                : [.. parts.Take(kept), string.Join(separator, parts.Skip(kept))];
        }

        if (sign is not null)
            throw new JinjaException("empty separator");
        if (limit >= 0)
            throw new JinjaException("splitting at blanks a limited number of times is not built");
        return [.. text.Split(Blanks, StringSplitOptions.RemoveEmptyEntries)];
    }

    private static List<object?> Lines(string text)
    {
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n', '\r', '\v', '\f', '\x1c', '\x1d', '\x1e', '\x85', '\u2028', '\u2029').ToList<object?>();
        if (lines[^1] is "")
            lines.RemoveAt(lines.Count - 1);
        return lines;
    }

    private static string Cased(string text, bool word)
    {
        var cased = text.ToLower(CultureInfo.InvariantCulture).ToCharArray();
        for (var at = 0; at < cased.Length; at++)
            if (at == 0 || (word && !char.IsLetter(cased[at - 1])))
                cased[at] = char.ToUpperInvariant(cased[at]);
        return new string(cased);
    }
}
