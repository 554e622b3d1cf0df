using System.Globalization;

namespace BatchInference.Models.Chat.Jinja;

internal delegate object? JinjaFilter(object? value, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named);

/// <summary>What stands behind <c>|</c>: Jinja's own filters as far as chat templates use them, and <c>tojson</c> as transformers replaces it.</summary>
internal static class JinjaFilters
{
    public static JinjaFilter? Find(string name) => name switch
    {
        "trim" => (value, given, _) => JinjaMethods.Strip(JinjaValues.Text(value), At(given, 0)),
        "length" or "count" => (value, _, _) => (long)JinjaValues.Length(value),
        "upper" => (value, _, _) => JinjaValues.Text(value).ToUpperInvariant(),
        "lower" => (value, _, _) => JinjaValues.Text(value).ToLowerInvariant(),
        "title" => (value, _, _) => JinjaMethods.Title(JinjaValues.Text(value)),
        "capitalize" => (value, _, _) => JinjaMethods.Capitalize(JinjaValues.Text(value)),
        "replace" => (value, given, _) => JinjaMethods.Find(JinjaValues.Text(value), "replace")!(given, new Dictionary<string, object?>()),
        "string" => (value, _, _) => JinjaValues.Text(value),
        "safe" => (value, _, _) => value,
        "escape" or "e" => (value, _, _) => Escape(JinjaValues.Text(value)),
        "join" => Join,
        "first" => (value, _, _) => JinjaValues.Entries(value) is { Count: > 0 } list ? list[0] : new Undefined("the first of an empty sequence"),
        "last" => (value, _, _) => JinjaValues.Entries(value) is { Count: > 0 } list ? list[^1] : new Undefined("the last of an empty sequence"),
        "list" => (value, _, _) => JinjaValues.Entries(value).ToList(),
        "reverse" => (value, _, _) => value is string text ? string.Concat(JinjaValues.Characters(text).AsEnumerable().Reverse()) : JinjaValues.Entries(value).Reverse().ToList(),
        "int" => (value, given, _) => Integer(value, At(given, 0) ?? 0L),
        "float" => (value, given, _) => JinjaValues.IsNumber(value) ? JinjaValues.Double(value) : double.TryParse(JinjaValues.Text(value), CultureInfo.InvariantCulture, out var number) ? number : At(given, 0) ?? 0.0,
        "abs" => (value, _, _) => value is double number ? (object)Math.Abs(number) : Math.Abs(JinjaValues.Long(value)),
        "round" => (value, given, _) => Math.Round(JinjaValues.Double(value), (int)JinjaValues.Long(At(given, 0) ?? 0L), MidpointRounding.ToEven),
        "default" or "d" => (value, given, named) => value is Undefined || (JinjaValues.IsTrue(At(given, 1) ?? named.GetValueOrDefault("boolean")) && !JinjaValues.IsTrue(value)) ? At(given, 0) ?? named.GetValueOrDefault("default_value", "") : value,
        "tojson" => (value, given, named) => JinjaJson.Write(value, At(given, 0) ?? named.GetValueOrDefault("indent"), JinjaValues.IsTrue(named.GetValueOrDefault("sort_keys"))),
        "items" => (value, _, _) => value is Undefined ? new List<object?>() : value is JinjaMap map ? JinjaMethods.Items(map) : throw new JinjaException("Can only get item pairs from a mapping."),
        "dictsort" => (value, _, _) => value is JinjaMap map ? JinjaMethods.Items(map).OrderBy(pair => JinjaValues.Text(((List<object?>)pair!)[0]).ToLowerInvariant(), StringComparer.Ordinal).ToList() : throw new JinjaException("expected a mapping"),
        "sort" => Sort,
        "unique" => (value, _, _) => Unique(JinjaValues.Entries(value)),
        "sum" => (value, _, _) => JinjaValues.Entries(value).Aggregate((object?)0L, (sum, entry) => JinjaOperators.Apply("+", sum, entry)),
        "min" => (value, _, _) => JinjaValues.Entries(value) is { Count: > 0 } list ? list.Aggregate((least, entry) => JinjaValues.Compare(entry, least) < 0 ? entry : least) : new Undefined("the least of nothing"),
        "max" => (value, _, _) => JinjaValues.Entries(value) is { Count: > 0 } list ? list.Aggregate((most, entry) => JinjaValues.Compare(entry, most) > 0 ? entry : most) : new Undefined("the most of nothing"),
        "indent" => Indent,
        "wordcount" => (value, _, _) => (long)((List<object?>)JinjaMethods.Find(JinjaValues.Text(value), "split")!([], new Dictionary<string, object?>())!).Count,
        "map" => Map,
        "select" => (value, given, _) => Chosen(value, given, 0, entry => entry, true),
        "reject" => (value, given, _) => Chosen(value, given, 0, entry => entry, false),
        "selectattr" => (value, given, _) => Chosen(value, given, 1, entry => Path(entry, At(given, 0)), true),
        "rejectattr" => (value, given, _) => Chosen(value, given, 1, entry => Path(entry, At(given, 0)), false),
        _ => null,
    };

    private static object? At(IReadOnlyList<object?> values, int index) => index < values.Count ? values[index] : null;

    private static object? Path(object? value, object? path) => path is long ? JinjaOperators.Item(value, path) : JinjaValues.Text(path).Split('.').Aggregate(value, (of, name) => JinjaOperators.Item(of, name));

    private static string Join(object? value, IReadOnlyList<object?> given, IReadOnlyDictionary<string, object?> named)
    {
        var attribute = At(given, 1) ?? named.GetValueOrDefault("attribute");
        return JinjaOperators.Join(JinjaValues.Text(At(given, 0) ?? named.GetValueOrDefault("d", "")), JinjaValues.Entries(value).Select(entry => JinjaValues.Text(attribute is null ? entry : Path(entry, attribute))));
    }

    private static object? Integer(object? value, object? otherwise) => value switch
    {
        bool or long or double => JinjaValues.Long(value),
        string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
        string text when double.TryParse(text.Trim(), CultureInfo.InvariantCulture, out var number) && Math.Abs(number) < long.MaxValue => (long)number,
        _ => otherwise,
    };

    private static List<object?> Sort(object? value, IReadOnlyList<object?> given, IReadOnlyDictionary<string, object?> named)
    {
        var attribute = named.GetValueOrDefault("attribute");
        var caseMatters = JinjaValues.IsTrue(At(given, 1) ?? named.GetValueOrDefault("case_sensitive"));
        object? Key(object? entry)
        {
            var key = attribute is null ? entry : Path(entry, attribute);
            return key is string text && !caseMatters ? text.ToLowerInvariant() : key;
        }

        var sorted = JinjaValues.Entries(value).OrderBy(Key, Comparer<object?>.Create(JinjaValues.Compare)).ToList();
        if (JinjaValues.IsTrue(At(given, 0) ?? named.GetValueOrDefault("reverse")))
            sorted.Reverse();
        return sorted;
    }

    private static List<object?> Unique(IReadOnlyList<object?> list)
    {
        var unique = new List<object?>();
        foreach (var entry in list)
            if (!unique.Exists(known => JinjaValues.AreEqual(known is string a ? a.ToLowerInvariant() : known, entry is string b ? b.ToLowerInvariant() : entry)))
                unique.Add(entry);
        return unique;
    }

    private static List<object?> Map(object? value, IReadOnlyList<object?> given, IReadOnlyDictionary<string, object?> named)
    {
        var entries = JinjaValues.Entries(value);
        if (named.TryGetValue("attribute", out var attribute))
            return [.. entries.Select(entry => Path(entry, attribute) is var found && found is Undefined && named.TryGetValue("default", out var otherwise) ? otherwise : found)];
        var name = JinjaValues.Text(At(given, 0));
        var filter = Find(name) ?? throw new JinjaException($"no filter named '{name}'.");
        return [.. entries.Select(entry => filter(entry, [.. given.Skip(1)], named))];
    }

    private static List<object?> Chosen(object? value, IReadOnlyList<object?> given, int testAt, Func<object?, object?> of, bool wanted)
    {
        var test = given.Count > testAt ? JinjaTests.Find(JinjaValues.Text(given[testAt])) ?? throw new JinjaException($"no test named '{given[testAt]}'.") : (entry, _) => JinjaValues.IsTrue(entry);
        object?[] others = [.. given.Skip(testAt + 1)];
        return [.. JinjaValues.Entries(value).Where(entry => test(of(entry), others) == wanted)];
    }

    private static string Indent(object? value, IReadOnlyList<object?> given, IReadOnlyDictionary<string, object?> named)
    {
        var width = At(given, 0) ?? named.GetValueOrDefault("width", 4L);
        var by = width as string ?? new string(' ', (int)Math.Clamp(JinjaValues.Long(width), 0, 1000));
        var (first, blank) = (JinjaValues.IsTrue(At(given, 1) ?? named.GetValueOrDefault("first")), JinjaValues.IsTrue(At(given, 2) ?? named.GetValueOrDefault("blank")));
        var lines = JinjaValues.Text(value).Split('\n');
        return JinjaOperators.Join("\n", lines.Select((line, index) => (index == 0 && !first) || (index > 0 && line.Length == 0 && !blank) ? line : by + line));
    }

    private static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);
}
