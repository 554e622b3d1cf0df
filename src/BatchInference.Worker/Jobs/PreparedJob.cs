using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.Models.Labels;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;
using BatchInference.Models.Tasks;
using BatchInference.Pipeline;
using BatchInference.Pipeline.Results;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Jobs;

/// <summary>A job whose every part was found and verified: what a run needs, nothing of it begun yet.</summary>
internal sealed class PreparedJob : IDisposable
{
    private readonly List<EncoderGroup> groups = [];
    private readonly List<ModelPass> loaded = [];
    private readonly WorkerConfiguration configuration;

    private PreparedJob(WorkerConfiguration configuration, JobSettings settings)
    {
        this.configuration = configuration;
        Settings = settings;
    }

    public JobSettings Settings { get; }

    public DocumentSource Source { get; private set; } = null!;

    public DocumentReader Reader { get; private set; } = null!;

    public ResultSink Sink { get; private set; } = null!;

    /// <summary>Finds and verifies everything a job names.</summary>
    /// <param name="configuration">The whole configuration.</param>
    /// <param name="settings">The job.</param>
    /// <param name="source">A folder to read instead of the job's source.</param>
    /// <param name="output">A folder to write to instead of the job's.</param>
    /// <exception cref="ConfigurationException">Something is missing or unfit: all of it is told.</exception>
    public static PreparedJob Of(WorkerConfiguration configuration, JobSettings settings, string? source, string? output)
    {
        var job = new PreparedJob(configuration, settings);
        var errors = new List<string>();
        Try(errors, () => job.Source = job.OpenSource(source));
        Try(errors, () => job.PrepareTasks(errors));
        if (errors.Count > 0)
        {
            job.Dispose();
            throw new ConfigurationException(errors);
        }

        var limits = configuration.Settings.Limits;
        job.Reader = DocumentReader.Standard(
            new ExtractionLimits { Bytes = limits.Megabytes * 1024L * 1024, Characters = limits.Characters, Pages = limits.Pages, Time = TimeSpan.FromSeconds(limits.Seconds) }, TimeProvider.System);
        job.Sink = new FolderSink(Path.Combine(Path.GetFullPath(output ?? settings.Output.Folder), settings.Name));
        return job;
    }

    /// <summary>What a run is to do.</summary>
    public RunPlan Plan(DateTimeOffset now, DateOnly date, long? limit, bool again)
    {
        var formats = Settings.Output.Formats;
        var readers = configuration.Settings.Limits.Readers;
        return new RunPlan
        {
            Job = Settings.Name,
            Run = RunId.New(now, (ushort)RandomNumberGenerator.GetInt32(65536)),
            RunDate = date,
            Passes = [.. groups.Select(group => group.Plan)],
            Configuration = (JsonObject)Settings.Content.DeepClone(),
            ConfigurationHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Settings.Content.ToJsonString()))),
            ProgramVersion = ProgramVersion.Full,
            Formats = new OutputFormats
            {
                Parquet = formats.Contains("parquet"),
                Csv = formats.Contains("csv") ? new CsvFormat(Settings.Output.Csv.Delimiter, Settings.Output.Csv.ByteOrderMark) : null,
                Text = Settings.Output.Text,
            },
            Readers = readers > 0 ? readers : Math.Max(2, Environment.ProcessorCount / 2),
            Limit = limit,
            Again = again,
        };
    }

    /// <summary>Opens the models; called when the first document needs them.</summary>
    public IReadOnlyList<ModelPass> Load()
    {
        foreach (var group in groups.Skip(loaded.Count))
            loaded.Add(EncoderPass.Load(group.Model, group.Variant, group.Tasks, group.Options));
        return loaded;
    }

    public void Dispose()
    {
        foreach (var pass in loaded) pass.Dispose();
        foreach (var task in groups.Skip(loaded.Count).SelectMany(group => group.Tasks).OfType<IDisposable>()) task.Dispose();
    }

    private FolderSource OpenSource(string? folder)
    {
        var settings = Settings.Source.Folder;
        var path = Path.GetFullPath((folder ?? settings!.Path).Replace("${shipped}", configuration.Folders.Shipped, StringComparison.Ordinal));
        if (!Directory.Exists(path))
            throw new ConfigurationException([folder is null
                ? $"jobs/{Settings.Name}.json: source.folder.path: the folder {path} does not exist, or this account may not see it. Create it, or write another path."
                : $"--source: the folder {path} does not exist, or this account may not see it."]);
        return new FolderSource(path, folder is null ? new NameFilter(settings!.Include, settings.Exclude) : NameFilter.All);
    }

    private void PrepareTasks(List<string> errors)
    {
        var choice = new ModelChoice(configuration);
        foreach (var byModel in Settings.Tasks.GroupBy(task => task.Value.Model ?? configuration.Settings.Models.Default))
        {
            ModelFolder? model = null;
            Try(errors, () => model = choice.Model(byModel.Key));
            var tasks = new List<EncoderTask>();
            var planned = new List<PlannedTask>();
            foreach (var (name, task) in byModel)
                Try(errors, () =>
                {
                    var labels = task.Classify is { } classify ? LabelSet.Load(choice.LabelSetFolder(classify.Labels)) : null;
                    if (model is null) return;
                    tasks.Add(labels is not null ? Classification(name, labels, choice, model) : Summary(name, task.Summarize!, model));
                    planned.Add(new PlannedTask(name, labels is not null ? TaskKind.Classification : TaskKind.Summary));
                });
            if (model is not null && tasks.Count == byModel.Count())
                Try(errors, () => groups.Add(EncoderGroup.Of(model, choice.Variant, choice.Options, tasks, planned)));
        }
    }

    private static ClassificationTask Classification(string name, LabelSet labels, ModelChoice choice, ModelFolder model)
    {
        using var encoder = choice.Encoder(model);
        return new ClassificationTask(name, labels.Classifier(encoder));
    }

    private static ExtractiveSummaryTask Summary(string name, SummarizeSettings settings, ModelFolder model) => ExtractiveSummaryTask.Load(
        name, model, settings.Sentences is { } sentences ? SummaryLimit.OfSentences(sentences) : SummaryLimit.OfCharacters(settings.Characters!.Value));

    private static void Try(List<string> errors, Action action)
    {
        try
        {
            action();
        }
        catch (ConfigurationException error)
        {
            errors.AddRange(error.Errors);
        }
        catch (Exception error) when (error is ModelException or LabelSetException)
        {
            errors.AddRange(error.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        }
    }

    /// <summary>The tasks that share a model's pass.</summary>
    private sealed record EncoderGroup(ModelFolder Model, string Variant, OnnxOptions Options, IReadOnlyList<EncoderTask> Tasks, PlannedPass Plan)
    {
        public static EncoderGroup Of(ModelFolder model, string variant, OnnxOptions options, IReadOnlyList<EncoderTask> tasks, IReadOnlyList<PlannedTask> planned)
        {
            var details = new JsonObject { ["name"] = model.Name, ["variant"] = variant, ["fingerprint"] = model.Fingerprint };
            var files = new JsonObject();
            foreach (var file in model.Files) files[file.Name] = file.Sha256;
            details["files"] = files;
            var plan = new PlannedPass($"{model.Name}/{variant}", EncoderPass.FingerprintOf(model, variant, options.Provider, tasks), planned) { Details = details };
            return new EncoderGroup(model, variant, options, tasks, plan);
        }
    }
}
