namespace BatchInference.Models.Chat.Jinja;

/// <summary>What a template sees as <c>loop</c>.</summary>
internal sealed class JinjaLoop(IReadOnlyList<object?> entries, int at)
{
    /// <summary>One of its fields; false when there is none of this name.</summary>
    public bool TryGet(string name, out object? value)
    {
        value = name switch
        {
            "index" => at + 1L,
            "index0" => (long)at,
            "revindex" => (long)entries.Count - at,
            "revindex0" => entries.Count - at - 1L,
            "first" => at == 0,
            "last" => at == entries.Count - 1,
            "length" => (long)entries.Count,
            "previtem" => at > 0 ? entries[at - 1] : new Undefined("there is no previous item"),
            "nextitem" => at < entries.Count - 1 ? entries[at + 1] : new Undefined("there is no next item"),
            // Only recursive loops are deeper.
            "depth" => 1L,
            "depth0" => 0L,
            "cycle" => (JinjaFunction)((values, _) => values.Count > 0 ? values[at % values.Count] : throw new JinjaException("no items for cycling given")),
            _ => this,
        };
        return !ReferenceEquals(value, this);
    }
}
