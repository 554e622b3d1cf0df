using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace BatchInference.Worker.Configuration;

/// <summary>
/// What may stand at one place of a configuration file. From this one declaration come the reading, the error messages, the table of <c>config/README.md</c> and <c>job.schema.json</c>.
/// </summary>
/// <param name="Description">What it is for, one sentence.</param>
internal abstract record Key(string Description)
{
    /// <summary>The type and its limits, as the table says it.</summary>
    public abstract string Type { get; }

    /// <summary>The default as it would be written; null where the key may be left out and then has no effect, or is required.</summary>
    public JsonNode? Default { get; init; }

    /// <summary>True when the configuration is not complete without it.</summary>
    public bool Required { get; init; }

    /// <summary>Finds what is wrong with a value.</summary>
    public abstract void Check(string path, JsonNode? value, ConfigurationCheck check);

    /// <summary>The JSON Schema of the values.</summary>
    public abstract JsonObject ToSchema();

    /// <summary>Turns the text of an environment variable into the value that a file would hold; null when it cannot be one.</summary>
    public virtual JsonNode? FromText(string text) => JsonValue.Create(text);

    protected JsonObject Schema(string type)
    {
        var schema = new JsonObject { ["type"] = type, ["description"] = Description };
        if (Default is not null) schema["default"] = Default.DeepClone();
        return schema;
    }
}

/// <summary>A text.</summary>
/// <param name="Description">What it is for.</param>
/// <param name="Form">What the text must look like, for people; null for any text that is not empty.</param>
/// <param name="Pattern">The same for the machine; matches the whole text.</param>
/// <param name="Example">A text that fits the pattern, for the message about one that does not.</param>
internal sealed record TextKey(string Description, string? Form = null, string? Pattern = null, string? Example = null) : Key(Description)
{
    public override string Type => Form ?? "text";

    /// <summary>True where an empty text means something.</summary>
    public bool MayBeEmpty { get; init; }

    public override void Check(string path, JsonNode? value, ConfigurationCheck check)
    {
        if (value is not JsonValue scalar || !scalar.TryGetValue(out string? text)) check.Wrong(path, value, $"is not {Article(Type)}", "Write it in quotation marks.");
        else if (text.Length == 0 && !MayBeEmpty) check.Wrong(path, value, "is empty", $"Write {Article(Type)}, or leave the key out.");
        else if (Pattern is not null && !Regex.IsMatch(text, $"^(?:{Pattern})$", RegexOptions.CultureInvariant)) check.Wrong(path, value, $"is not {Article(Type)}", Example is null ? null : $"Write for example \"{Example}\".");
    }

    public override JsonObject ToSchema()
    {
        var schema = Schema("string");
        if (!MayBeEmpty) schema["minLength"] = 1;
        if (Pattern is not null) schema["pattern"] = $"^(?:{Pattern})$";
        return schema;
    }

    private static string Article(string form) => form.Contains(' ', StringComparison.Ordinal) && (form.StartsWith("a ", StringComparison.Ordinal) || form.StartsWith("an ", StringComparison.Ordinal) || form.StartsWith("the ", StringComparison.Ordinal)) ? form : $"a {form}";
}

/// <summary>One of a few words.</summary>
internal sealed record ChoiceKey(string Description, params string[] Choices) : Key(Description)
{
    public override string Type => string.Join(" \\| ", Choices.Select(choice => $"`{choice}`"));

    public override void Check(string path, JsonNode? value, ConfigurationCheck check)
    {
        if (value is JsonValue scalar && scalar.TryGetValue(out string? text) && Choices.Contains(text)) return;
        check.Wrong(path, value, "is none of the values that are known", $"Write one of {string.Join(", ", Choices.Select(choice => $"\"{choice}\""))}.");
    }

    public override JsonObject ToSchema()
    {
        var schema = Schema("string");
        schema["enum"] = new JsonArray([.. Choices.Select(choice => JsonValue.Create(choice))]);
        return schema;
    }
}

/// <summary>A whole number between two limits, both included.</summary>
internal sealed record IntegerKey(string Description, long Least, long Most) : Key(Description)
{
    public override string Type => string.Create(CultureInfo.InvariantCulture, $"whole number, {Least} to {Most}");

    public override void Check(string path, JsonNode? value, ConfigurationCheck check)
    {
        var limits = string.Create(CultureInfo.InvariantCulture, $"Write a whole number from {Least} to {Most}.");
        if (value is not JsonValue scalar || !scalar.TryGetValue(out long number)) check.Wrong(path, value, "is not a whole number", limits);
        else if (number < Least || number > Most) check.Wrong(path, value, "is out of range", limits);
    }

    public override JsonNode? FromText(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : JsonValue.Create(text);

    public override JsonObject ToSchema()
    {
        var schema = Schema("integer");
        (schema["minimum"], schema["maximum"]) = (Least, Most);
        return schema;
    }
}

/// <summary>A number between two limits, both included.</summary>
internal sealed record NumberKey(string Description, double Least, double Most) : Key(Description)
{
    public override string Type => string.Create(CultureInfo.InvariantCulture, $"number, {Least} to {Most}");

    public override void Check(string path, JsonNode? value, ConfigurationCheck check)
    {
        var limits = string.Create(CultureInfo.InvariantCulture, $"Write a number from {Least} to {Most}.");
        if (value is not JsonValue scalar || !scalar.TryGetValue(out double number)) check.Wrong(path, value, "is not a number", limits);
        else if (!(number >= Least && number <= Most)) check.Wrong(path, value, "is out of range", limits);
    }

    public override JsonNode? FromText(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : JsonValue.Create(text);

    public override JsonObject ToSchema()
    {
        var schema = Schema("number");
        (schema["minimum"], schema["maximum"]) = (Least, Most);
        return schema;
    }
}

/// <summary>Yes or no.</summary>
internal sealed record SwitchKey(string Description) : Key(Description)
{
    public override string Type => "`true` \\| `false`";

    public override void Check(string path, JsonNode? value, ConfigurationCheck check)
    {
        if (value is not JsonValue scalar || !scalar.TryGetValue(out bool _)) check.Wrong(path, value, "is neither true nor false", "Write true or false, without quotation marks.");
    }

    public override JsonNode? FromText(string text) => bool.TryParse(text, out var value) ? JsonValue.Create(value) : JsonValue.Create(text);

    public override JsonObject ToSchema() => Schema("boolean");
}
