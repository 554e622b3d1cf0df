using System.Globalization;
using System.Text;
using System.Text.Json;

namespace BatchInference.Models.Labels;

/// <summary>Reads <c>labels.json</c> (JSON with comments and trailing commas) and tells all its errors at once.</summary>
internal sealed class LabelSetFile
{
    private const int MaxBytes = 16 << 20;
    public const int MaxLabels = 1000;
    private const int MaxDescriptions = 200;
    private const int MaxDescription = 10_000;

    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string path;
    private readonly List<string> errors = [];
    private byte[] content = [];

    private LabelSetFile(string path) => this.path = path;

    public static LabelSet Read(string folder, bool withHeads)
    {
        var file = new LabelSetFile(Path.Combine(folder, LabelSet.FileName));
        var (titles, labels, origin) = file.Parse(Path.GetFileName(folder));
        List<LabelHead> heads = withHeads ? HeadFile.ReadAll(folder, file.errors) : [];
        return file.errors.Count == 0 ? new LabelSet(folder, titles, labels, origin, heads) { Content = file.content } : throw new LabelSetException(file.errors);
    }

    /// <summary>The file of a set that was made from examples, for people to go on with.</summary>
    public static string Template(LabelSet set)
    {
        var text = new StringBuilder("{\n  // Made from examples. Descriptions (sentences, lists of words) help where examples are few; train the set again after a change.\n  \"labels\": [\n");
        for (var k = 0; k < set.Labels.Count; k++)
            text.Append(CultureInfo.InvariantCulture, $"    {{ \"name\": {JsonSerializer.Serialize(set.Labels[k].Name, Readable)}, \"descriptions\": {{ }} }}{(k < set.Labels.Count - 1 ? "," : "")}\n");
        return text.Append("  ]\n}\n").ToString();
    }

    private (Dictionary<string, string> Titles, List<Label> Labels, ExamplesOrigin? Origin) Parse(string name)
    {
        Dictionary<string, string> titles = [];
        List<Label> labels = [];
        ExamplesOrigin? origin = null;
        using var document = Open();
        if (document is null || !IsObject(document.RootElement, "the file"))
            return (titles, labels, origin);

        var root = document.RootElement;
        Known(root, "", ["$schema", "name", "title", "examples", "labels"]);
        if (root.TryGetProperty("name", out var given) && (given.ValueKind != JsonValueKind.String || given.GetString() != name))
            Wrong("name", given, $"must be the name of the folder, `{name}`. Leave the key out, or rename the folder");
        if (root.TryGetProperty("title", out var title))
            titles = Texts(title, "title");
        if (root.TryGetProperty("examples", out var examples) && IsObject(examples, "examples"))
        {
            Known(examples, "examples.", ["source", "licence"]);
            var source = Text(examples, "source", "examples.source");
            var licence = Text(examples, "licence", "examples.licence");
            if (source is not null)
                origin = new ExamplesOrigin(source, licence);
        }

        if (!root.TryGetProperty("labels", out var list) || list.ValueKind != JsonValueKind.Array)
            errors.Add($"{path}: the key `labels` is missing or not a list. Add \"labels\": [ {{ \"name\": \"…\", \"descriptions\": {{ \"fr\": [\"…\"], \"en\": [\"…\"] }} }}, … ].");
        else
            labels = Labels(list);
        return (titles, labels, origin);
    }

    private JsonDocument? Open()
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
                errors.Add($"{path}: there is no such file. Create it with the names and descriptions of the labels, or make it from examples with `batch-inference labels train <set> --examples FILE`.");
            else if (file.Length > MaxBytes)
                errors.Add($"{path}: is {file.Length:N0} bytes long, at most {MaxBytes:N0} are read. Shorten the descriptions.");
            else
                return JsonDocument.Parse(
                    new UTF8Encoding(false, true).GetString(content = File.ReadAllBytes(path)).TrimStart('\uFEFF'),
                    new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 16 });
        }
        catch (JsonException error)
        {
            errors.Add($"{path}, line {error.LineNumber + 1}: this is not JSON ({error.Message.Split(" LineNumber", 2)[0].TrimEnd('.')}). Look for a missing comma, quote or bracket there or one line above.");
        }
        catch (ArgumentException)
        {
            errors.Add($"{path}: the file is not UTF-8. Save it again with the encoding UTF-8.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{path}: cannot be read ({error.Message}). Give this account read access to it.");
        }

        return null;
    }

    private List<Label> Labels(JsonElement list)
    {
        var labels = new List<Label>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (list.GetArrayLength() is < 2 or > MaxLabels)
            errors.Add($"{path}: `labels` has {list.GetArrayLength()} entries, it must have 2 to {MaxLabels}. Add what is not meant as a label of its own (`other`), or split the set.");
        var index = -1;
        foreach (var element in list.EnumerateArray().Take(MaxLabels))
        {
            var at = $"labels[{++index}]";
            if (!IsObject(element, at))
                continue;
            Known(element, at + ".", ["name", "title", "descriptions"]);
            var name = Text(element, "name", at + ".name");
            if (name is null && !element.TryGetProperty("name", out _))
                errors.Add($"{path}: `{at}.name` is missing. Give the label the name that shall stand in the results.");
            else if (name is not null && LabelName.Fault(name) is { } fault)
                errors.Add($"{path}: `{at}.name` is `{name}`, but {fault}. Give it another name.");
            else if (name is not null && !names.Add(name))
                errors.Add($"{path}: `{at}.name` is `{name}`, which another label has already. Give each label a name of its own.");
            var titles = element.TryGetProperty("title", out var title) ? Texts(title, at + ".title") : [];
            var descriptions = element.TryGetProperty("descriptions", out var described) ? Descriptions(described, at + ".descriptions") : [];
            labels.Add(new Label(name ?? "", titles, descriptions));
        }

        return labels;
    }

    private List<LabelDescription> Descriptions(JsonElement element, string at)
    {
        var found = new List<LabelDescription>();
        if (!IsObject(element, at))
            return found;
        foreach (var language in element.EnumerateObject())
        {
            var here = $"{at}.{language.Name}";
            CheckLanguage(language.Name, here);
            var texts = language.Value.ValueKind == JsonValueKind.Array ? [.. language.Value.EnumerateArray()] : new[] { language.Value };
            if (texts.Length > MaxDescriptions)
                errors.Add($"{path}: `{here}` has {texts.Length} texts, at most {MaxDescriptions} are read. Keep the best, or train the set with examples.");
            for (var i = 0; i < Math.Min(texts.Length, MaxDescriptions); i++)
            {
                var text = texts[i].ValueKind == JsonValueKind.String ? texts[i].GetString()!.Trim() : "";
                if (text.Length is 0 or > MaxDescription)
                    Wrong($"{here}[{i}]", texts[i], $"must be a text of 1 to {MaxDescription:N0} characters. Write a sentence or a list of words, or remove it");
                else
                    found.Add(new LabelDescription(language.Name, text));
            }
        }

        return found;
    }

    // A title is one text, or one for each language.
    private Dictionary<string, string> Texts(JsonElement element, string at)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        if (element.ValueKind == JsonValueKind.String)
            texts[""] = element.GetString()!;
        else if (IsObject(element, at))
            foreach (var language in element.EnumerateObject())
            {
                CheckLanguage(language.Name, $"{at}.{language.Name}");
                if (language.Value.ValueKind == JsonValueKind.String)
                    texts[language.Name] = language.Value.GetString()!;
                else
                    Wrong($"{at}.{language.Name}", language.Value, "must be a text. Put it in quotes");
            }

        return texts;
    }

    private string? Text(JsonElement element, string key, string at)
    {
        if (!element.TryGetProperty(key, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.String && !string.IsNullOrWhiteSpace(value.GetString()))
            return value.GetString();
        Wrong(at, value, "must be a text that is not empty. Put it in quotes");
        return null;
    }

    private void CheckLanguage(string code, string at)
    {
        if (code.Length is not (2 or 3) || !code.All(char.IsAsciiLetterLower))
            errors.Add($"{path}: the key `{at}` is not a language. Use its ISO 639 code, such as `fr` or `en`.");
    }

    private bool IsObject(JsonElement element, string at)
    {
        if (element.ValueKind == JsonValueKind.Object)
            return true;
        Wrong(at, element, "must be an object. Write it as { \"key\": value, … }");
        return false;
    }

    private void Known(JsonElement element, string at, string[] keys)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            if (!keys.Contains(property.Name, StringComparer.Ordinal))
                errors.Add($"{path}: the key `{at}{property.Name}` is unknown. Did you mean `{keys.MinBy(key => Distance(key, property.Name))}`? Known keys: {string.Join(", ", keys)}.");
            else if (!seen.Add(property.Name))
                errors.Add($"{path}: the key `{at}{property.Name}` stands twice. Remove one of them.");
        }
    }

    private void Wrong(string at, JsonElement value, string rule)
    {
        var raw = value.GetRawText();
        errors.Add($"{path}: `{at}` is {(raw.Length > 60 ? raw[..60] + "…" : raw)}, it {rule}.");
    }

    /// <summary>Edit distance (Levenshtein), to name the key that was meant.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1)));
        }

        return row[^1];
    }
}
