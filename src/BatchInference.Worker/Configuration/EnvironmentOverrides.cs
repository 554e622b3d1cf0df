using System.Collections;
using System.Globalization;
using System.Text.Json.Nodes;

namespace BatchInference.Worker.Configuration;

/// <summary><c>BATCHINFERENCE__Section__Key</c> and <c>BATCHINFERENCE__Jobs__name__key</c>: each overrides the same key of a file. Names are compared without regard to case.</summary>
internal sealed class EnvironmentOverrides
{
    private const string Prefix = "BATCHINFERENCE__";
    private readonly List<(string Variable, string[] Steps, string Value)> variables = [];

    public EnvironmentOverrides(IDictionary environment)
    {
        foreach (DictionaryEntry entry in environment)
            if (entry.Key is string name && name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && entry.Value is string value)
                variables.Add((name, name[Prefix.Length..].Split("__"), value));
        variables.Sort((left, right) => Compare(left.Steps, right.Steps) is var order && order != 0 ? order : string.CompareOrdinal(left.Variable, right.Variable));
    }

    // An item is added to a list behind the last one, so the tenth must come after the second.
    private static int Compare(string[] left, string[] right)
    {
        foreach (var (one, other) in left.Zip(right))
        {
            var order = int.TryParse(one, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && int.TryParse(other, NumberStyles.None, CultureInfo.InvariantCulture, out var second)
                ? index.CompareTo(second)
                : string.CompareOrdinal(one, other);
            if (order != 0)
                return order;
        }

        return left.Length.CompareTo(right.Length);
    }

    /// <summary>Puts the overrides of <c>appsettings.json</c> in.</summary>
    public void ApplyToSettings(JsonObject content, ICollection<string> warnings, ICollection<string> errors)
    {
        foreach (var (variable, steps, value) in variables.Where(entry => !IsJob(entry.Steps)))
            Put(variable, content, KnownKeys.AppSettings, RenamedKeys.Now(variable, steps, RenamedKeys.OfSettings, warnings), value, errors);
    }

    /// <summary>Puts the overrides of one job in.</summary>
    public void ApplyToJob(string job, JsonObject content, ICollection<string> errors)
    {
        foreach (var (variable, steps, value) in variables.Where(entry => IsJob(entry.Steps) && entry.Steps.Length > 2 && entry.Steps[1].Equals(job, StringComparison.OrdinalIgnoreCase)))
            Put(variable, content, KnownKeys.Job, steps[2..], value, errors);
    }

    /// <summary>Names the variables of jobs that there are not.</summary>
    public void RefuseUnknownJobs(IReadOnlyCollection<string> jobs, ICollection<string> errors)
    {
        foreach (var (variable, steps, _) in variables.Where(entry => IsJob(entry.Steps)))
        {
            if (steps.Length > 2 && jobs.Contains(steps[1], StringComparer.OrdinalIgnoreCase)) continue;
            if (steps.Length < 2 || jobs.Contains(steps[1], StringComparer.OrdinalIgnoreCase))
            {
                errors.Add($"environment variable {variable}: it names no key of a job, as BATCHINFERENCE__Jobs__archives__output__folder does.");
                continue;
            }

            var nearest = NearestName.Of(steps[1], jobs);
            errors.Add($"environment variable {variable}: there is no such job.{(nearest is null ? "" : $" Did you mean {nearest}?")}");
        }
    }

    private static bool IsJob(string[] steps) => steps[0].Equals("Jobs", StringComparison.OrdinalIgnoreCase);

    private static void Put(string variable, JsonObject content, SectionKey root, string[] steps, string value, ICollection<string> errors)
    {
        JsonNode node = content;
        Key key = root;
        for (var depth = 0; depth < steps.Length; depth++)
        {
            var last = depth == steps.Length - 1;
            if (key is ListKey list && int.TryParse(steps[depth], NumberStyles.None, CultureInfo.InvariantCulture, out var index) && node is JsonArray array && index <= array.Count)
            {
                if (index == array.Count) array.Add(last ? null : Empty(list.Item));
                key = list.Item;
                if (last) array[index] = key.FromText(value);
                else node = array[index]!;
                continue;
            }

            var (name, next) = key switch
            {
                SectionKey section => section.Keys.FirstOrDefault(known => known.Name.Equals(steps[depth], StringComparison.OrdinalIgnoreCase)),
                MapKey map when node is JsonObject there => (there.Select(entry => entry.Key).FirstOrDefault(known => known.Equals(steps[depth], StringComparison.OrdinalIgnoreCase)) ?? steps[depth], map.Item),
                _ => default,
            };
            if (next is null || node is not JsonObject parent)
            {
                var nearest = key is SectionKey known ? NearestName.Of(steps[depth], known.Keys.Select(entry => entry.Name)) : null;
                errors.Add($"environment variable {variable}: there is no key {steps[depth]}.{(nearest is null ? "" : $" Did you mean {nearest}?")}");
                return;
            }

            key = next;
            if (last) parent[name] = key.FromText(value);
            else node = parent[name] ??= Empty(key);
        }
    }

    private static JsonNode Empty(Key key) => key is ListKey ? new JsonArray() : new JsonObject();
}
