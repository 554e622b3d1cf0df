using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BatchInference.Worker.Configuration;

/// <summary>Collects what is wrong with one file, in the words that the admin reads.</summary>
/// <param name="file">How messages name the file.</param>
/// <param name="errors">Where the messages go.</param>
internal sealed class ConfigurationCheck(string file, ICollection<string> errors)
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Wrong(string path, JsonNode? value, string what, string? remedy) => Add(path, $"{Shown(value)} {what}.{(remedy is null ? "" : $" {remedy}")}");

    public void Unknown(string path, string name, IEnumerable<string> known)
    {
        var names = known.ToArray();
        var nearest = NearestName.Of(name, names);
        Add(path, nearest is null ? $"there is no such key. Known here: {string.Join(", ", names)}." : $"there is no such key. Did you mean {nearest}?");
    }

    public void Missing(string path, Key key) => Add(path, $"is missing. {key.Description} ({key.Type.Replace("\\", "", StringComparison.Ordinal)}).");

    public void Alternatives(string path, IReadOnlyList<string> names, IReadOnlyList<string> found) => Add(path, found.Count == 0
        ? $"says nothing. Write exactly one of {string.Join(", ", names)}."
        : $"says {string.Join(" and ", found)}. Write exactly one of {string.Join(", ", names)}.");

    public void Add(string path, string message) => errors.Add(path.Length == 0 ? $"{file}: {message}" : $"{file}: {path}: {message}");

    private static string Shown(JsonNode? value)
    {
        var text = value is null ? "null" : value.ToJsonString(Readable);
        return text.Length <= 60 ? text : text[..57] + "…";
    }
}
