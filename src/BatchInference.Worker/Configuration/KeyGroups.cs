using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace BatchInference.Worker.Configuration;

/// <summary>An object with known keys.</summary>
/// <param name="Description">What it is for.</param>
/// <param name="Keys">Its keys, in the order of the table.</param>
internal sealed record SectionKey(string Description, IReadOnlyList<(string Name, Key Key)> Keys) : Key(Description)
{
    /// <summary>True when exactly one of the keys must stand there, such as the kind of a source.</summary>
    public bool ExactlyOne { get; init; }

    /// <summary>True where one or more of the keys marked so must stand there, at most one of them.</summary>
    public IReadOnlyList<string> Alternatives { get; init; } = [];

    /// <summary>A further check of the whole object: given it and its path.</summary>
    public Action<string, JsonObject, ConfigurationCheck>? Rule { get; init; }

    public override string Type => ExactlyOne ? "exactly one of " + string.Join(", ", Keys.Select(key => $"`{key.Name}`")) : "object";

    public Key? Find(string name) => Keys.FirstOrDefault(key => key.Name == name).Key;

    public override void Check(string path, JsonNode? value, ConfigurationCheck check)
    {
        if (value is not JsonObject section)
        {
            check.Wrong(path, value, "is not an object", $"Write {{ … }} with the keys {string.Join(", ", Keys.Select(key => key.Name))}.");
            return;
        }

        foreach (var (name, inner) in section)
        {
            if (Find(name) is { } key) key.Check(Join(path, name), inner, check);
            else if (name != "$schema") check.Unknown(Join(path, name), name, Keys.Select(known => known.Name));
        }

        foreach (var (name, key) in Keys)
            if (key.Required && !section.ContainsKey(name))
                check.Missing(Join(path, name), key);
        var alternatives = ExactlyOne ? [.. Keys.Select(key => key.Name)] : Alternatives;
        if (alternatives.Count > 0 && alternatives.Count(section.ContainsKey) != 1)
            check.Alternatives(path, alternatives, [.. alternatives.Where(section.ContainsKey)]);
        Rule?.Invoke(path, section, check);
    }

    public override JsonObject ToSchema()
    {
        var schema = Schema("object");
        var properties = new JsonObject();
        foreach (var (name, key) in Keys) properties[name] = key.ToSchema();
        schema["properties"] = properties;
        schema["additionalProperties"] = false;
        var required = Keys.Where(key => key.Key.Required).Select(key => key.Name).ToArray();
        if (required.Length > 0) schema["required"] = new JsonArray([.. required.Select(name => JsonValue.Create(name))]);
        if (ExactlyOne) (schema["minProperties"], schema["maxProperties"]) = (1, 1);
        else if (Alternatives.Count > 0) schema["oneOf"] = new JsonArray([.. Alternatives.Select(name => new JsonObject { ["required"] = new JsonArray(JsonValue.Create(name)) })]);
        return schema;
    }

    internal static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}

/// <summary>A list.</summary>
internal sealed record ListKey(string Description, Key Item, int Least = 0) : Key(Description)
{
    public override string Type => $"list of {(Item is SectionKey ? "objects" : Item.Type)}";

    public override void Check(string path, JsonNode? value, ConfigurationCheck check)
    {
        if (value is not JsonArray list)
        {
            check.Wrong(path, value, "is not a list", "Write it in brackets: [ … ].");
            return;
        }

        if (list.Count < Least) check.Wrong(path, value, "is too short", string.Create(CultureInfo.InvariantCulture, $"Write at least {Least}."));
        for (var index = 0; index < list.Count; index++)
            Item.Check(string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]"), list[index], check);
    }

    public override JsonObject ToSchema()
    {
        var schema = Schema("array");
        schema["items"] = Item.ToSchema();
        if (Least > 0) schema["minItems"] = Least;
        return schema;
    }
}

/// <summary>An object whose keys are names that the admin chooses.</summary>
internal sealed record MapKey(string Description, string NameForm, string NamePattern, Key Item, int Least = 0) : Key(Description)
{
    public override string Type => $"objects by name ({NameForm})";

    public override void Check(string path, JsonNode? value, ConfigurationCheck check)
    {
        if (value is not JsonObject map)
        {
            check.Wrong(path, value, "is not an object", "Write { \"name\": { … } }.");
            return;
        }

        if (map.Count < Least) check.Wrong(path, value, "is empty", string.Create(CultureInfo.InvariantCulture, $"Write at least {Least} entry."));
        foreach (var (name, inner) in map)
        {
            if (!Regex.IsMatch(name, $"^(?:{NamePattern})$", RegexOptions.CultureInvariant)) check.Wrong(SectionKey.Join(path, name), JsonValue.Create(name), "is no good name", $"Use {NameForm}.");
            Item.Check(SectionKey.Join(path, name), inner, check);
        }
    }

    public override JsonObject ToSchema()
    {
        var schema = Schema("object");
        schema["propertyNames"] = new JsonObject { ["pattern"] = $"^(?:{NamePattern})$" };
        schema["additionalProperties"] = Item.ToSchema();
        if (Least > 0) schema["minProperties"] = Least;
        return schema;
    }
}
