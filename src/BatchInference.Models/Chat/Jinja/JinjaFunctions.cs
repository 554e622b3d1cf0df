using System.Globalization;
using System.Text;

namespace BatchInference.Models.Chat.Jinja;

/// <summary>The functions that every chat template has.</summary>
internal static class JinjaFunctions
{
    private const long LongestRange = 100_000;

    public static IEnumerable<KeyValuePair<string, object?>> All(DateTimeOffset now) =>
    [
        new("range", (JinjaFunction)((values, _) => Range(values))),
        new("namespace", (JinjaFunction)((values, named) => new JinjaNamespace(new Dictionary<string, object?>(values is [JinjaMap map] ? [.. map.Keys.Zip(map.Values, (key, value) => KeyValuePair.Create(JinjaValues.Text(key), value)), .. named] : named, StringComparer.Ordinal)))),
        new("dict", (JinjaFunction)((values, named) => new JinjaMap(values is [JinjaMap map] ? [.. map.Keys.Zip(map.Values, (key, value) => KeyValuePair.Create(JinjaValues.Text(key), value)), .. named] : named))),
        new("raise_exception", (JinjaFunction)((values, _) => throw new JinjaException(JinjaValues.Text(values.Count > 0 ? values[0] : "")))),
        new("strftime_now", (JinjaFunction)((values, _) => Format(now, JinjaValues.Text(values.Count > 0 ? values[0] : "")))),
    ];

    private static List<object?> Range(IReadOnlyList<object?> values)
    {
        var (from, to, step) = values.Count switch
        {
            1 => (0L, JinjaValues.Long(values[0]), 1L),
            2 => (JinjaValues.Long(values[0]), JinjaValues.Long(values[1]), 1L),
            3 => (JinjaValues.Long(values[0]), JinjaValues.Long(values[1]), JinjaValues.Long(values[2])),
            _ => throw new JinjaException("range expected 1 to 3 arguments"),
        };
        if (step == 0)
            throw new JinjaException("range() arg 3 must not be zero");
        var list = new List<object?>();
        for (var at = from; step > 0 ? at < to : at > to; at += step)
        {
            if (list.Count >= LongestRange)
                throw new JinjaException("Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
            list.Add(at);
        }

        return list;
    }

    private static string Format(DateTimeOffset now, string format)
    {
        var text = new StringBuilder();
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%' || at + 1 >= format.Length)
            {
                text.Append(format[at]);
                continue;
            }

            var bare = format[at + 1] == '-' && at + 2 < format.Length;
            at += bare ? 2 : 1;
            var part = format[at] switch
            {
                'd' => Now("dd"),
                'm' => Now("MM"),
                'y' => Now("yy"),
                'Y' => Now("yyyy"),
                'H' => Now("HH"),
                'I' => Now("hh"),
                'M' => Now("mm"),
                'S' => Now("ss"),
                'p' => Now("tt"),
                'b' or 'h' => Now("MMM"),
                'B' => Now("MMMM"),
                'a' => Now("ddd"),
                'A' => Now("dddd"),
                'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
                'F' => Now("yyyy-MM-dd"),
                'T' => Now("HH:mm:ss"),
                'D' => Now("MM'/'dd'/'yy"),
                '%' => "%",
                var other => throw new JinjaException($"the time format %{other} is not built"),
            };
            text.Append(bare ? part.TrimStart('0') is { Length: > 0 } short_ ? short_ : "0" : part);
        }

        return text.ToString();

        // A lone letter would be one of .NET's whole formats.
        string Now(string pattern) => now.ToString(pattern, CultureInfo.InvariantCulture);
    }
}
