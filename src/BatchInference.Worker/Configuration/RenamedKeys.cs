using System.Text.Json.Nodes;

namespace BatchInference.Worker.Configuration;

/// <summary>
/// Keys of <c>appsettings.json</c> that go by another name now, or that admins bring from other programs of .NET: understood, with a warning, so that an upgrade never ends a service for its configuration.
/// A key that is renamed gets its row here and keeps it for ever.
/// </summary>
internal static class RenamedKeys
{
    /// <summary>Other name → name, both in dotted form; the section of both is the same.</summary>
    public static IReadOnlyDictionary<string, string> OfSettings { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["Ledger.ConnectionString"] = "Ledger.PostgreSql",
    };

    /// <summary>Gives the keys of a file their names of now.</summary>
    /// <param name="content">The file; keys are renamed in it.</param>
    /// <param name="file">How messages name it.</param>
    /// <param name="table">Other name → name.</param>
    /// <param name="warnings">Gets a line for each.</param>
    /// <param name="errors">Gets what stands there under both names.</param>
    public static void Apply(JsonObject content, string file, IReadOnlyDictionary<string, string> table, ICollection<string> warnings, ICollection<string> errors)
    {
        foreach (var (other, name) in table)
        {
            var (section, last) = Find(content, other);
            if (section is null)
                continue;
            var now = name[(name.LastIndexOf('.') + 1)..];
            if (section.ContainsKey(now))
            {
                errors.Add($"{file}: {other}: is another name of {name}, which stands there too. Remove {other}.");
                section.Remove(last);
                continue;
            }

            var value = section[last];
            section.Remove(last);
            section[now] = value;
            warnings.Add($"{file}: {other} is called {name} now. It is understood; rename it.");
        }
    }

    /// <summary>The name of now of a key that a variable of the environment names, as its steps.</summary>
    public static string[] Now(string variable, string[] steps, IReadOnlyDictionary<string, string> table, ICollection<string> warnings)
    {
        if (!table.TryGetValue(string.Join('.', steps), out var name))
            return steps;
        warnings.Add($"environment variable {variable}: {string.Join('.', steps)} is called {name} now. It is understood; rename the variable.");
        return name.Split('.');
    }

    private static (JsonObject? Section, string Name) Find(JsonObject content, string path)
    {
        var steps = path.Split('.');
        var section = content;
        foreach (var step in steps[..^1])
        {
            if (section[step] is not JsonObject inner)
                return (null, "");
            section = inner;
        }

        return section.ContainsKey(steps[^1]) ? (section, steps[^1]) : (null, "");
    }
}
