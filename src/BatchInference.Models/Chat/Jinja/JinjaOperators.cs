using System.Text;

namespace BatchInference.Models.Chat.Jinja;

/// <summary>Operators, attributes, entries and slices, as Python has them.</summary>
internal static class JinjaOperators
{
    // "x" * 1000000000 is what a template would do to a machine.
    public const int MostCharacters = 16_000_000;
    private const int MostEntries = 1_000_000;

    public static bool Holds(string sign, object? left, object? right) => sign switch
    {
        "==" => JinjaValues.AreEqual(left, right),
        "!=" => !JinjaValues.AreEqual(left, right),
        "<" => JinjaValues.Compare(left, right) < 0,
        "<=" => JinjaValues.Compare(left, right) <= 0,
        ">" => JinjaValues.Compare(left, right) > 0,
        ">=" => JinjaValues.Compare(left, right) >= 0,
        "in" => Contains(right, left),
        _ => !Contains(right, left),
    };

    public static bool Contains(object? whole, object? part) => whole switch
    {
        string text => part is string inner ? text.Contains(inner, StringComparison.Ordinal) : throw new JinjaException($"'in <string>' requires string as left operand, not {JinjaValues.TypeName(part)}"),
        JinjaMap map => map.TryGet(part, out _),
        _ => JinjaValues.Entries(whole).Any(entry => JinjaValues.AreEqual(entry, part)),
    };

    public static object? Apply(string sign, object? left, object? right)
    {
        if (sign == "~")
            return Joined(JinjaValues.Text(left), JinjaValues.Text(right));
        foreach (var value in (ReadOnlySpan<object?>)[left, right])
            if (value is Undefined undefined)
                throw new JinjaException($"'{undefined.Name}' is undefined");
        return (sign, left, right) switch
        {
            ("+", string a, string b) => Joined(a, b),
            ("+", IReadOnlyList<object?> a, IReadOnlyList<object?> b) => a.Count + b.Count <= MostEntries ? (List<object?>)[.. a, .. b] : throw new JinjaException("a list grows too long"),
            ("*", string a, bool or long) => Repeat(a, JinjaValues.Long(right)),
            ("*", bool or long, string b) => Repeat(b, JinjaValues.Long(left)),
            ("%", string, _) => throw new JinjaException("formatting by % is not built"),
            _ when JinjaValues.IsNumber(left) && JinjaValues.IsNumber(right) => Number(sign, left, right),
            _ => throw new JinjaException($"unsupported operand type(s) for {sign}: '{JinjaValues.TypeName(left)}' and '{JinjaValues.TypeName(right)}'"),
        };
    }

    /// <summary><c>value.name</c>: a method or field first, then an entry.</summary>
    public static object? Attribute(object? value, string name)
    {
        if (value is Undefined undefined)
            throw new JinjaException($"'{undefined.Name}' is undefined");
        if (TryField(value, name, out var field))
            return field;
        return value is JinjaMap map && map.TryGet(name, out var entry) ? entry : Missing(value, name);
    }

    /// <summary><c>value[key]</c>: an entry first, then a method or field.</summary>
    public static object? Item(object? value, object? key)
    {
        if (value is Undefined undefined)
            throw new JinjaException($"'{undefined.Name}' is undefined");
        if (value is JinjaMap map && map.TryGet(key, out var entry))
            return entry;
        if (key is bool or long && value is string or IReadOnlyList<object?>)
        {
            var list = JinjaValues.Entries(value);
            var index = JinjaValues.Long(key);
            index = index < 0 ? index + list.Count : index;
            return index >= 0 && index < list.Count ? list[(int)index] : Missing(value, JinjaValues.Text(key));
        }

        return key is string name && TryField(value, name, out var field) ? field : Missing(value, JinjaValues.Text(key));
    }

    public static object? Slice(object? value, object? from, object? to, object? step)
    {
        if (value is not (string or IReadOnlyList<object?>))
            throw new JinjaException(value is Undefined ? JinjaValues.TypeName(value) : $"'{JinjaValues.TypeName(value)}' object is not subscriptable");
        var list = JinjaValues.Entries(value);
        var by = step is null ? 1 : JinjaValues.Long(step);
        if (by == 0)
            throw new JinjaException("slice step cannot be zero");
        var (least, most) = by > 0 ? (0L, (long)list.Count) : (-1L, list.Count - 1L);
        long Bound(object? bound, long otherwise)
        {
            if (bound is null)
                return otherwise;
            var index = JinjaValues.Long(bound);
            return Math.Clamp(index < 0 ? index + list.Count : index, least, most);
        }

        var (first, end) = (Bound(from, by > 0 ? 0 : most), Bound(to, by > 0 ? most : -1));
        var part = new List<object?>();
        for (var index = first; by > 0 ? index < end : index > end; index += by)
            part.Add(list[(int)index]);
        return value is string ? string.Concat(part) : value is JinjaTuple ? new JinjaTuple(part) : part;
    }

    private static bool TryField(object? value, string name, out object? field)
    {
        if (value is JinjaNamespace space)
            return space.Values.TryGetValue(name, out field);
        if (value is JinjaLoop loop)
            return loop.TryGet(name, out field);
        field = JinjaMethods.Find(value, name);
        return field is not null;
    }

    private static Undefined Missing(object? value, string name) => new($"{JinjaValues.TypeName(value)} object has no attribute '{name}'");

    private static string Joined(string a, string b) => a.Length + b.Length <= MostCharacters ? a + b : throw new JinjaException("a text grows too long");

    /// <summary>The texts with another between them.</summary>
    /// <exception cref="JinjaException">It would be too long.</exception>
    public static string Join(string between, IEnumerable<string> texts)
    {
        var joined = new StringBuilder();
        var any = false;
        foreach (var text in texts)
        {
            if (any)
                joined.Append(between);
            any = true;
            if (joined.Append(text).Length > MostCharacters)
                throw new JinjaException("a text grows too long");
        }

        return joined.ToString();
    }

    private static string Repeat(string text, long times) => times <= 0 || text.Length == 0 ? "" : times <= MostCharacters / text.Length ? string.Concat(Enumerable.Repeat(text, (int)times)) : throw new JinjaException("a text grows too long");

    private static object Number(string sign, object? left, object? right)
    {
        if (sign is "/" or "//" or "%" && JinjaValues.Double(right) == 0)
            throw new JinjaException("division by zero");
        if (sign == "/" || left is double || right is double || sign == "**")
        {
            var (a, b) = (JinjaValues.Double(left), JinjaValues.Double(right));
            var result = sign switch { "+" => a + b, "-" => a - b, "*" => a * b, "/" => a / b, "//" => Math.Floor(a / b), "%" => a - b * Math.Floor(a / b), _ => Math.Pow(a, b) };
            return sign == "**" && left is not double && right is not double && JinjaValues.Long(right) >= 0 && Math.Abs(result) < 1L << 53 ? (object)(long)result : result;
        }

        try
        {
            var (a, b) = (JinjaValues.Long(left), JinjaValues.Long(right));
            return checked(sign switch { "+" => a + b, "-" => a - b, "*" => a * b, "//" => FloorOf(a, b), _ => a - b * FloorOf(a, b) });
        }
        catch (OverflowException error)
        {
            throw new JinjaException("a number grows too large", error);
        }
    }

    private static long FloorOf(long a, long b) => checked(a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0));
}
