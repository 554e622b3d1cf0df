namespace BatchInference.Models.Chat.Jinja;

/// <summary>What a value is put into: a name, several names, or a field of a namespace.</summary>
internal sealed class JinjaTarget
{
    private readonly List<string> names = [];
    private string? field;

    public static JinjaTarget Parse(JinjaTokens tokens)
    {
        var target = new JinjaTarget();
        var bracketed = tokens.Skip("(");
        do
            target.names.Add(tokens.Name());
        while (tokens.Skip(","));
        if (bracketed)
            tokens.Demand(")");
        if (target.names.Count == 1 && tokens.Skip("."))
            target.field = tokens.Name();
        return target;
    }

    public void Set(JinjaFrame frame, object? value)
    {
        if (field is not null)
        {
            if (frame.Get(names[0]) is not JinjaNamespace space)
                throw new JinjaException("cannot assign attribute on non-namespace object");
            space.Values[field] = value;
            return;
        }

        if (names.Count == 1)
        {
            frame.Set(names[0], value);
            return;
        }

        var entries = JinjaValues.Entries(value);
        if (entries.Count != names.Count)
            throw new JinjaException($"expected {names.Count} values to unpack, found {entries.Count}");
        for (var at = 0; at < names.Count; at++)
            frame.Set(names[at], entries[at]);
    }
}
