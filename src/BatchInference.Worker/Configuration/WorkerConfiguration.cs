using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace BatchInference.Worker.Configuration;

/// <summary>The whole configuration, read and judged once, at the door.</summary>
/// <param name="Folders">Where things are.</param>
/// <param name="Settings"><c>appsettings.json</c>.</param>
/// <param name="Jobs">The files of <c>jobs/</c>, by name.</param>
internal sealed record WorkerConfiguration(Folders Folders, AppSettings Settings, IReadOnlyDictionary<string, JobSettings> Jobs)
{
    /// <summary>The jobs that are enabled and that this machine has a role for, by name.</summary>
    public IEnumerable<JobSettings> JobsOfThisNode => Jobs.Values.Where(job => job.Enabled && IsForThisNode(job)).OrderBy(job => job.Name, StringComparer.Ordinal);

    /// <summary>True when the service of this machine runs the job, should it be enabled.</summary>
    public bool IsForThisNode(JobSettings job) => job.Roles.Count == 0 || job.Roles.Intersect(Settings.Node.Roles, StringComparer.Ordinal).Any();

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
    private static readonly JsonSerializerOptions AsWritten = new() { PropertyNameCaseInsensitive = true, NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowReadingFromString };

    /// <summary>What stands in no file.</summary>
    public GivenSecrets Secrets { get; private init; } = new(_ => null);

    /// <summary>What is understood today and should be written otherwise.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <summary>What is wrong with jobs that were left out, by their names.</summary>
    private Dictionary<string, IReadOnlyList<string>> LeftOut { get; init; } = [];

    /// <summary>Reads everything.</summary>
    /// <param name="folder">The folder of the configuration.</param>
    /// <param name="state">The folder of the state.</param>
    /// <param name="programFolder">Where the program lies.</param>
    /// <param name="environment">Variables.</param>
    /// <param name="strict">False to leave out a job whose file is wrong, with a warning: the other jobs, the books and the models do not need it.</param>
    /// <exception cref="ConfigurationException">Something is wrong: all of it is told.</exception>
    public static WorkerConfiguration Read(string folder, string state, string programFolder, IDictionary environment, bool strict = true)
    {
        var errors = new List<string>();
        var warnings = new List<string>();
        var overrides = new EnvironmentOverrides(environment);

        var settings = Parse(Path.Combine(folder, "appsettings.json"), "appsettings.json", errors);
        if (settings is not null)
        {
            Configuration.Secrets.Refuse(settings, "", new ConfigurationCheck("appsettings.json", errors));
            RenamedKeys.Apply(settings, "appsettings.json", RenamedKeys.OfSettings, warnings, errors);
            overrides.ApplyToSettings(settings, warnings, errors);
            KnownKeys.AppSettings.Check("", settings, new ConfigurationCheck("appsettings.json", errors));
        }

        var jobs = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        var leftOut = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var jobFolder = Path.Combine(folder, "jobs");
        foreach (var path in (Directory.Exists(jobFolder) ? Directory.GetFiles(jobFolder, "*.json") : []).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(path);
            var shown = $"jobs/{name}.json";
            var wrong = new List<string>();
            if (!Regex.IsMatch(name, $"^{KnownKeys.NamePattern}$")) wrong.Add($"{shown}: the file's name is the job's; use lower-case letters, digits, - and _.");
            if (Parse(path, shown, wrong) is { } job)
            {
                Configuration.Secrets.Refuse(job, "", new ConfigurationCheck(shown, wrong));
                overrides.ApplyToJob(name, job, wrong);
                KnownKeys.Job.Check("", job, new ConfigurationCheck(shown, wrong));
                jobs[name] = job;
            }

            if (wrong.Count == 0) continue;
            jobs.Remove(name);
            leftOut[name] = wrong;
            if (strict) errors.AddRange(wrong);
            else warnings.AddRange(wrong.Select(one => $"{one} (The job {name} is left out.)"));
        }

        overrides.RefuseUnknownJobs([.. jobs.Keys, .. leftOut.Keys], errors);
        if (errors.Count > 0) throw new ConfigurationException(errors);

        var read = settings!.Deserialize<AppSettings>(AsWritten)!;
        return new WorkerConfiguration(
            new Folders(folder, state, Folders.FindShipped(read.Paths.Shipped, folder, programFolder)),
            read,
            jobs.ToDictionary(job => job.Key, job => job.Value.Deserialize<JobSettings>(AsWritten)! with { Name = job.Key, Written = job.Value }, StringComparer.Ordinal))
        {
            Secrets = new GivenSecrets(name => environment[name] as string),
            Warnings = warnings,
            LeftOut = leftOut,
        };
    }

    /// <summary>The job of that name.</summary>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public JobSettings Job(string name)
    {
        if (Jobs.TryGetValue(name, out var job)) return job;
        if (LeftOut.TryGetValue(name, out var wrong)) throw new ConfigurationException(wrong);
        var nearest = NearestName.Of(name, Jobs.Keys);
        throw new ConfigurationException([nearest is not null
            ? $"There is no job {name}. Did you mean {nearest}?"
            : $"There is no job {name}. {(Jobs.Count == 0 ? $"There is no file in {Path.Combine(Folders.Configuration, "jobs")}." : $"There are: {string.Join(", ", Jobs.Keys.Order(StringComparer.Ordinal))}.")}"]);
    }

    // A key that stands twice is an error too, and is found when an object is first looked at.
    private static void WalkThrough(JsonNode? node)
    {
        foreach (var child in node switch { JsonObject content => content.Select(property => property.Value), JsonArray list => list, _ => [] })
            WalkThrough(child);
    }

    private static JsonObject? Parse(string path, string shown, List<string> errors)
    {
        try
        {
            var node = JsonNode.Parse(File.ReadAllText(path), documentOptions: Lenient);
            WalkThrough(node);
            if (node is JsonObject content) return content;
            errors.Add($"{shown}: the file must hold one object: {{ … }}.");
        }
        catch (JsonException error)
        {
            errors.Add($"{shown}: line {error.LineNumber + 1}, column {error.BytePositionInLine + 1}: this is not JSON (comments and trailing commas are allowed).");
        }
        catch (ArgumentException error)
        {
            errors.Add($"{shown}: a key stands twice. {error.Message}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{shown}: the file cannot be read: {error.Message} Give the account {Environment.UserName} the right to read it.");
        }

        return null;
    }
}
