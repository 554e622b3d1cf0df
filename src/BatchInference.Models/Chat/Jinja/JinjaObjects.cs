namespace BatchInference.Models.Chat.Jinja;

/// <summary>What a name or an entry is that nobody gave: it prints nothing and is false, and anything else that is done with it is an error.</summary>
internal sealed record Undefined(string Name);

/// <summary>What <c>namespace()</c> makes: the one thing that a template may change from within a loop.</summary>
internal sealed class JinjaNamespace(Dictionary<string, object?> values)
{
    public Dictionary<string, object?> Values { get; } = values;
}

/// <summary>Several values with commas between them: prints with round brackets, else a list like any.</summary>
internal sealed class JinjaTuple(IEnumerable<object?> values) : List<object?>(values);

/// <summary>A mapping in the order in which its keys came.</summary>
internal sealed class JinjaMap
{
    private readonly List<object?> keys = [];
    private readonly List<object?> values = [];

    public JinjaMap()
    {
    }

    public JinjaMap(IEnumerable<KeyValuePair<string, object?>> entries)
    {
        foreach (var (key, value) in entries)
            this[key] = value;
    }

    public int Count => keys.Count;

    public IReadOnlyList<object?> Keys => keys;

    public IReadOnlyList<object?> Values => values;

    public object? this[object? key]
    {
        set
        {
            var at = Find(key);
            if (at >= 0)
            {
                values[at] = value;
                return;
            }

            keys.Add(key);
            values.Add(value);
        }
    }

    public bool TryGet(object? key, out object? value)
    {
        var at = Find(key);
        value = at >= 0 ? values[at] : null;
        return at >= 0;
    }

    public JinjaMap Copy()
    {
        var copy = new JinjaMap();
        copy.keys.AddRange(keys);
        copy.values.AddRange(values);
        return copy;
    }

    private int Find(object? key) => keys.FindIndex(known => JinjaValues.AreEqual(known, key));
}

/// <summary>A function, a method bound to its object, or a macro.</summary>
internal delegate object? JinjaFunction(IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named);
