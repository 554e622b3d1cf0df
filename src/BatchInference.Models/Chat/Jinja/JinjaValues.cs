using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace BatchInference.Models.Chat.Jinja;

/// <summary>
/// Values as Python has them: <see langword="null"/> is None; else <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>, <see cref="string"/>, lists, <see cref="JinjaMap"/>,
/// <see cref="JinjaNamespace"/>, <see cref="JinjaFunction"/>, <see cref="Undefined"/>.
/// </summary>
internal static class JinjaValues
{
    private const int MostDepth = 100;

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool truth => truth,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        IReadOnlyList<object?> list => list.Count > 0,
        JinjaMap map => map.Count > 0,
        _ => true,
    };

    public static bool AreEqual(object? left, object? right)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return (left, right) switch
        {
            (null, null) => true,
            (string a, string b) => a == b,
            (bool or long or double, bool or long or double) => left is double || right is double ? Double(left) == Double(right) : Long(left) == Long(right),
            (IReadOnlyList<object?> a, IReadOnlyList<object?> b) => a.Count == b.Count && a.Zip(b).All(pair => AreEqual(pair.First, pair.Second)),
            (JinjaMap a, JinjaMap b) => a.Count == b.Count && a.Keys.All(key => a.TryGet(key, out var own) && b.TryGet(key, out var other) && AreEqual(own, other)),
            (Undefined, Undefined) => true,
            _ => ReferenceEquals(left, right),
        };
    }

    public static int Compare(object? left, object? right) => (left, right) switch
    {
        (string a, string b) => string.CompareOrdinal(a, b),
        (bool or long or double, bool or long or double) => left is double || right is double ? Double(left).CompareTo(Double(right)) : Long(left).CompareTo(Long(right)),
        _ => throw new JinjaException($"'<' not supported between {TypeName(left)} and {TypeName(right)}"),
    };

    public static bool IsNumber(object? value) => value is bool or long or double;

    public static long Long(object? value) => value switch
    {
        bool truth => truth ? 1 : 0,
        long number => number,
        double number when Math.Abs(number) < long.MaxValue => (long)number,
        _ => throw new JinjaException($"expected a whole number, found {TypeName(value)}"),
    };

    public static double Double(object? value) => value is double number ? number : Long(value);

    /// <summary>What <c>{{ value }}</c> prints: Python's <c>str</c>.</summary>
    public static string Text(object? value) => value switch
    {
        string text => text,
        Undefined => "",
        _ => Representation(value),
    };

    /// <summary>Python's <c>repr</c>.</summary>
    public static string Representation(object? value) => Representation(value, 0);

    private static string Representation(object? value, int depth)
    {
        if (depth > MostDepth)
            throw new JinjaException($"a value nests deeper than {MostDepth}");
        string Inner(object? entry) => Representation(entry, depth + 1);
        return value switch
        {
            null => "None",
            bool truth => truth ? "True" : "False",
            long number => number.ToString(CultureInfo.InvariantCulture),
            double number => Float(number),
            string text => Quoted(text),
            Undefined => "Undefined",
            JinjaTuple tuple => $"({string.Join(", ", tuple.Select(Inner))}{(tuple.Count == 1 ? "," : "")})",
            IReadOnlyList<object?> list => $"[{string.Join(", ", list.Select(Inner))}]",
            JinjaMap map => $"{{{string.Join(", ", map.Keys.Zip(map.Values, (key, entry) => $"{Inner(key)}: {Inner(entry)}"))}}}",
            _ => $"<{TypeName(value)}>",
        };
    }

    /// <summary>The entries that a loop goes through; of a mapping its keys, of a text its characters.</summary>
    public static IReadOnlyList<object?> Entries(object? value) => value switch
    {
        Undefined => [],
        string text => [.. Characters(text)],
        IReadOnlyList<object?> list => list,
        JinjaMap map => map.Keys,
        IEnumerable<object?> sequence => [.. sequence],
        _ => throw new JinjaException($"'{TypeName(value)}' object is not iterable"),
    };

    /// <summary>Length as Python counts it: code points of a text.</summary>
    public static int Length(object? value) => value switch
    {
        string text => text.Length - text.Count(char.IsLowSurrogate),
        Undefined => 0,
        JinjaMap map => map.Count,
        _ => Entries(value).Count,
    };

    /// <summary>The characters of a text: whole code points.</summary>
    public static List<string> Characters(string text)
    {
        var characters = new List<string>(text.Length);
        for (var at = 0; at < text.Length; at += characters[^1].Length)
            characters.Add(char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? text.Substring(at, 2) : text[at].ToString());
        return characters;
    }

    public static string TypeName(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        long => "int",
        double => "float",
        string => "str",
        JinjaMap => "dict",
        Undefined undefined => $"'{undefined.Name}' is undefined",
        IList => "list",
        JinjaNamespace => "Namespace",
        _ => "function",
    };

    private static string Float(double number)
    {
        if (double.IsNaN(number) || double.IsInfinity(number))
            return double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) || text.Contains('E', StringComparison.Ordinal) ? text : text + ".0";
    }

    private static string Quoted(string text)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var quoted = new StringBuilder().Append(quote);
        foreach (var character in text)
            quoted.Append(character switch
            {
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when character == quote => $"\\{character}",
                _ when char.IsControl(character) => $"\\x{(int)character:x2}",
                _ => character.ToString(),
            });
        return quoted.Append(quote).ToString();
    }
}
