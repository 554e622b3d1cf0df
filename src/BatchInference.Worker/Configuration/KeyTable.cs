using System.Text;

namespace BatchInference.Worker.Configuration;

/// <summary>The table of all keys, as <c>config/README.md</c> shows it.</summary>
internal static class KeyTable
{
    public static string Of(SectionKey root)
    {
        var table = new StringBuilder("| key | type, limits | default | what for |\n| --- | --- | --- | --- |\n");
        Add(table, "", root);
        return table.ToString();
    }

    private static void Add(StringBuilder table, string path, Key key)
    {
        switch (key)
        {
            case SectionKey section:
                foreach (var (name, inner) in section.Keys)
                {
                    var at = SectionKey.Join(path, name);
                    if (inner is not SectionKey) Row(table, at, inner);
                    Add(table, at, inner);
                }

                break;
            case ListKey { Item: SectionKey item }:
                Add(table, path + "[]", item);
                break;
            case MapKey map:
                Add(table, path + ".<name>", map.Item);
                break;
        }
    }

    private static void Row(StringBuilder table, string path, Key key) =>
        table.Append("| `").Append(path).Append("` | ").Append(key.Type).Append(" | ")
            .Append(key.Required ? "required" : key.Default is { } value ? $"`{value.ToJsonString().Replace("\\t", "tab", StringComparison.Ordinal)}`" : "").Append(" | ").Append(key.Description).Append(" |\n");
}
