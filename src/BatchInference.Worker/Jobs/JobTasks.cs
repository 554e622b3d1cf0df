using System.Text.Json.Nodes;
using BatchInference.Models.Labels;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tasks;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Jobs;

/// <summary>The tasks of a job, each judged with its model, as the passes that will answer them. Loads no graph before <see cref="Load"/>.</summary>
internal sealed class JobTasks : IDisposable
{
    private readonly List<PassToLoad> passes = [];
    private readonly List<ModelPass> loaded = [];
    private readonly ModelSessions sessions = new();
    private readonly Dictionary<string, LabelSet> sets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DecidingLabels> labels = new(StringComparer.Ordinal);
    private readonly ModelChoice choice;
    private readonly string file;

    private JobTasks(ModelChoice choice, string file)
    {
        this.choice = choice;
        this.file = file;
    }

    /// <summary>What a run has to know of the passes.</summary>
    public IReadOnlyList<PlannedPass> Plans => [.. passes.Select(pass => pass.Plan)];

    /// <summary>The label sets and heads that decide its answers.</summary>
    public IReadOnlyList<KeptFile> Kept => [.. labels.Values.SelectMany(decides => decides.Files).DistinctBy(file => file.Name)];

    /// <summary>Finds the models and label sets that the tasks name, and judges them together.</summary>
    /// <param name="configuration">The whole configuration.</param>
    /// <param name="job">The job.</param>
    /// <param name="errors">Gets all that is wrong.</param>
    public static JobTasks Of(WorkerConfiguration configuration, JobSettings job, List<string> errors)
    {
        var tasks = new JobTasks(new ModelChoice(configuration), $"jobs/{job.Name}.json");
        Try(errors, tasks.choice.Options.Verify);
        var named = new List<(string Name, TaskSettings Task, ModelUse Model)>();
        foreach (var (name, task) in job.Tasks)
        {
            Try(errors, () => named.Add((name, task, tasks.choice.Use(task.Model, task.Variant))));
            // A label set that is missing is told even where the model is, too.
            if (task.Classify?.Labels is { } labels)
                Try(errors, () => tasks.choice.LabelSetFolder(labels));
        }

        if (errors.Count == 0)
            foreach (var group in named.GroupBy(task => task.Model))
                tasks.Add(group.Key, [.. group.Select(task => (task.Name, task.Task))], errors);
        return tasks;
    }

    /// <summary>Opens the models; called when the first document needs them.</summary>
    public IReadOnlyList<ModelPass> Load()
    {
        foreach (var pass in passes.Skip(loaded.Count))
            loaded.Add(pass.Load());
        return loaded;
    }

    public void Dispose()
    {
        foreach (var pass in loaded) pass.Dispose();
        foreach (var task in passes.Skip(loaded.Count).SelectMany(pass => pass.Owned).OfType<IDisposable>()) task.Dispose();
        sessions.Dispose();
    }

    private void Add(ModelUse model, IReadOnlyList<(string Name, TaskSettings Settings)> tasks, List<string> errors)
    {
        switch (model.Description.Kind)
        {
            case ModelKind.Embedder:
                AddShared(tasks, errors, (name, task) => Encoder(name, task, model), own => new PassToLoad(
                    Plan(model, $"{model.Folder.Name}/{model.Variant}", EncoderPass.FingerprintOf(model.Folder, model.Variant, model.Options.Provider, own), [.. own.Select(Planned)]),
                    () => EncoderPass.Load(model.Folder, model.Variant, own, model.Options),
                    own));
                break;
            case ModelKind.Classifier:
                AddShared(tasks, errors, (name, task) => Classifier(name, task, model), own =>
                {
                    ClassifierPass.Check(model, own);
                    return new PassToLoad(Plan(model, model.Name, ClassifierPass.FingerprintOf(model, own), [.. own.Select(task => Planned(task, model))]), () => ClassifierPass.Load(model, own, sessions), []);
                });
                break;
            case ModelKind.Decoder or ModelKind.EncoderDecoder:
                foreach (var (name, task) in tasks)
                    Try(errors, () => passes.Add(Prompted(name, task, model)));
                break;
            default:
                Try(errors, () => throw Unfit(tasks[0].Name, $"the model {model.Name} {model.Description.Says}; no task of a job is made of that. Choose a model that classifies, writes, or gives vectors."));
                break;
        }
    }

    private void AddShared<T>(IReadOnlyList<(string Name, TaskSettings Settings)> tasks, List<string> errors, Func<string, TaskSettings, T> make, Func<IReadOnlyList<T>, PassToLoad> pass)
    {
        var made = new List<T>();
        foreach (var (name, task) in tasks)
            Try(errors, () => made.Add(make(name, task)));
        if (made.Count == tasks.Count)
            Try(errors, () => passes.Add(pass(made)));
    }

    private EncoderTask Encoder(string name, TaskSettings task, ModelUse model)
    {
        Refuse(name, task, model, task.Classify is { } classify
            ? [("template", classify.Template), ("instruction", classify.Instruction), ("system", classify.System), ("severalLabels", classify.SeveralLabels ? "" : null)]
            : [("instruction", task.Summarize!.Instruction), ("system", task.Summarize.System), ("generation", task.Summarize.Generation)]);
        if (task.Summarize is { } summarize)
            return model.Folder.Has(ExtractiveSummaryTask.Graph)
                ? ExtractiveSummaryTask.Load(name, model.Folder, LimitOf(summarize))
                : throw Unfit($"{name}.summarize.model", $"the model {model.Name} gives vectors, but has no {ExtractiveSummaryTask.Graph} that chooses sentences by them. Leave `model` out for a summary of quotes, or name a model that writes.");
        if (task.Classify!.Labels is not { } set)
            throw Unfit($"{name}.classify.labels", $"is missing: the model {model.Name} gives vectors and has no labels of its own. Name a label set, or a classification model.");
        using var encoder = choice.Encoder(model);
        var classifier = Set(set).Classifier(encoder);
        labels[name] = new DecidingLabels(Set(set), classifier.Head);
        return new ClassificationTask(name, classifier);
    }

    private ClassifierTask Classifier(string name, TaskSettings task, ModelUse model)
    {
        if (task.Classify is not { } classify)
            throw Unfit($"{name}.summarize.model", $"the model {model.Name} {model.Description.Says}; it makes no summaries. Choose a model that writes, or leave `model` out for a summary of quotes.");
        Refuse(name, task, model, ("instruction", classify.Instruction), ("system", classify.System));
        if (classify.Labels is { } set)
            return new ZeroShotTask(name, Decides(name, set), model, classify.Template ?? ZeroShotTask.DefaultTemplate, classify.Language, classify.SeveralLabels);
        Refuse(name, task, model, ("template", classify.Template), ("severalLabels", classify.SeveralLabels ? "" : null));
        return new OwnLabelsTask(name, model.Description);
    }

    private PassToLoad Prompted(string name, TaskSettings task, ModelUse model)
    {
        if (task.Summarize is { } summarize)
        {
            var summary = new GenerativeSummaryTask(name, model, LimitOf(summarize), new GenerationRequest
            {
                Instruction = summarize.Instruction, System = summarize.System, Thinking = summarize.Thinking, Options = summarize.Generation?.ToTransformers() ?? [],
            });
            return new PassToLoad(Plan(model, model.Name, summary.Fingerprint, [new PlannedTask(name, TaskKind.Summary | TaskKind.Method | TaskKind.Generation)]), () => new GenerativeSummaryPass(summary, sessions), []);
        }

        var classify = task.Classify!;
        Refuse(name, task, model, ("template", classify.Template), ("severalLabels", classify.SeveralLabels ? "" : null));
        if (classify.Labels is not { } set)
            throw Unfit($"{name}.classify.labels", $"is missing: the model {model.Name} writes and has no labels of its own. Name a label set, or a classification model.");
        var choices = new LabelChoiceTask(name, model, Decides(name, set), classify.Language, new GenerationRequest { Instruction = classify.Instruction, System = classify.System });
        return new PassToLoad(Plan(model, model.Name, choices.Fingerprint, [new PlannedTask(name, TaskKind.Classification | TaskKind.Method) { Scores = LabelChoiceTask.ScoresAre, Details = Told(name) }]), () => new LabelChoicePass(choices, sessions), []);
    }

    // Read once for all tasks, so that all of them go by the same file, and it is the one that is kept.
    private LabelSet Set(string name) => sets.TryGetValue(name, out var set) ? set : sets[name] = LabelSet.Load(choice.LabelSetFolder(name));

    private LabelSet Decides(string task, string set)
    {
        labels[task] = new DecidingLabels(Set(set), null);
        return Set(set);
    }

    private JsonObject Told(string task) => labels.TryGetValue(task, out var decides) ? new JsonObject { ["labelSet"] = decides.ToJson() } : [];

    private PlannedTask Planned(EncoderTask task) => task is ClassificationTask classification
        ? new PlannedTask(task.Name, TaskKind.Classification) { Scores = classification.ScoresAre, Details = Told(task.Name) }
        : new PlannedTask(task.Name, TaskKind.Summary);

    private PlannedTask Planned(ClassifierTask task, ModelUse model) =>
        new(task.Name, TaskKind.Classification | TaskKind.Method | (MayHoldSeveral(task, model) ? TaskKind.SeveralLabels : TaskKind.None)) { Scores = task.ScoresAre, Details = Told(task.Name) };

    private static bool MayHoldSeveral(ClassifierTask task, ModelUse model) => task is ZeroShotTask zeroShot ? zeroShot.Several : model.Description.Rule == ScoreRule.Sigmoid;

    private static SummaryLimit LimitOf(SummarizeSettings settings) => settings.Sentences is { } sentences ? SummaryLimit.OfSentences(sentences) : SummaryLimit.OfCharacters(settings.Characters!.Value);

    // A key that would change nothing is told, not passed over.
    private void Refuse(string name, TaskSettings task, ModelUse model, params ReadOnlySpan<(string Key, object? Value)> keys)
    {
        foreach (var (key, value) in keys)
            if (value is not null)
                throw Unfit($"{name}.{(task.Classify is null ? "summarize" : "classify")}.{key}", $"has no effect with the model {model.Name}, which {model.Description.Says}. Leave the key out, or choose another model.");
    }

    private ConfigurationException Unfit(string key, string message) => new([$"{file}: tasks.{key}: {message}"]);

    private static PlannedPass Plan(ModelUse model, string name, string fingerprint, IReadOnlyList<PlannedTask> tasks)
    {
        var files = new JsonObject();
        foreach (var known in model.Folder.Files) files[known.Name] = known.Sha256;
        return new PlannedPass(name, fingerprint, tasks) { Details = new JsonObject { ["name"] = model.Folder.Name, ["variant"] = model.Variant, ["folderFingerprint"] = model.Folder.Fingerprint, ["files"] = files } };
    }

    private static void Try(List<string> errors, Action action)
    {
        try
        {
            action();
        }
        catch (ConfigurationException error)
        {
            errors.AddRange(error.Errors.Except(errors));
        }
        catch (Exception error) when (error is ModelException or LabelSetException)
        {
            errors.AddRange(error.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Except(errors));
        }
    }

    /// <summary>A pass that was judged.</summary>
    /// <param name="Plan">What a run knows of it.</param>
    /// <param name="Load">Opens its model.</param>
    /// <param name="Owned">What the loaded pass will own.</param>
    private sealed record PassToLoad(PlannedPass Plan, Func<ModelPass> Load, IReadOnlyList<object> Owned);
}
