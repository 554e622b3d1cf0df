using BatchInference.Models.Labels;
using BatchInference.Models.Onnx;
using BatchInference.Models.Shelf;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Jobs;

/// <summary>Which models and label sets a configuration names, and how they are run.</summary>
internal sealed class ModelChoice(WorkerConfiguration configuration)
{
    private readonly Dictionary<string, ModelFolder> opened = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ModelDescription> descriptions = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Name, string Variant), ModelUse> uses = [];

    /// <summary>How models are run.</summary>
    public OnnxOptions Options { get; } = new()
    {
        Provider = configuration.Settings.Models.Provider switch { "cuda" => ExecutionProvider.Cuda, "directml" => ExecutionProvider.DirectMl, _ => ExecutionProvider.Cpu },
        DeviceId = configuration.Settings.Models.Device,
        DeviceMemoryLimit = configuration.Settings.Models.DeviceMemoryMegabytes * 1024 * 1024,
        Threads = configuration.Settings.Models.Threads,
        PaddedTokens = configuration.Settings.Models.BatchTokens,
    };

    /// <summary>Folders that hold models: added ones first, then shipped ones.</summary>
    public IReadOnlyList<string> Shelves { get; } = [Path.Combine(configuration.Folders.State, "models"), Path.Combine(configuration.Folders.Shipped, "models")];

    /// <summary>Folders that hold label sets: those trained where the configuration cannot be written first, then the configuration's, then shipped ones.</summary>
    public IReadOnlyList<string> LabelFolders { get; } =
    [
        .. new[] { configuration.Folders.State, configuration.Folders.Configuration, configuration.Folders.Shipped }.Distinct().Select(folder => Path.Combine(folder, "labels")),
    ];

    /// <summary>Where a label set is kept that was trained where the configuration cannot be written.</summary>
    public string TrainedFolder(string set) => Path.Combine(LabelFolders[0], set);

    /// <summary>The models that are shipped and those that were added.</summary>
    public ModelShelf Shelf { get; } = new(Path.Combine(configuration.Folders.Shipped, "models"), Path.Combine(configuration.Folders.State, "models"));

    /// <summary>Names of the models on the shelf.</summary>
    public IReadOnlyList<string> Models => [.. Shelves.Where(Directory.Exists).SelectMany(Directory.GetDirectories).Select(path => Path.GetFileName(path)!).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Names of the label sets.</summary>
    public IReadOnlyList<string> LabelSets => [.. LabelFolders.Where(Directory.Exists).SelectMany(Directory.GetDirectories).Where(path => File.Exists(Path.Combine(path, LabelSet.FileName))).Select(path => Path.GetFileName(path)!).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Opens and verifies a model of the shelf, once.</summary>
    /// <exception cref="ConfigurationException">There is none of that name.</exception>
    /// <exception cref="ModelException">Its files are not those that were pinned.</exception>
    public ModelFolder Model(string? name)
    {
        var wanted = name ?? configuration.Settings.Models.Default;
        if (opened.TryGetValue(wanted, out var folder)) return folder;
        return opened[wanted] = ModelFolder.Open(Find(Shelves, wanted, "model", Models, "Put it on the shelf: batch-inference models add FOLDER"));
    }

    /// <summary>The folder of a label set.</summary>
    /// <exception cref="ConfigurationException">There is none of that name.</exception>
    public string LabelSetFolder(string name) => Find(LabelFolders, name, "label set", LabelSets, $"Make it: batch-inference labels train {name} --examples FILE");

    /// <summary>Opens, verifies and looks at a model of the shelf, once for each variant.</summary>
    /// <param name="name">Its name; null for the default model.</param>
    /// <param name="variant">Which of its graphs; null for that of the configuration, else what suits the provider.</param>
    /// <exception cref="ConfigurationException">There is none of that name.</exception>
    /// <exception cref="ModelException">Its files are not those that were pinned, or it has no such variant.</exception>
    public ModelUse Use(string? name, string? variant)
    {
        var folder = Model(name);
        if (!descriptions.TryGetValue(folder.Name, out var description))
            descriptions[folder.Name] = description = ModelDescription.Of(folder);
        var chosen = VariantOf(folder, description, variant);
        if (!uses.TryGetValue((folder.Name, chosen), out var use))
            uses[(folder.Name, chosen)] = use = new ModelUse(folder, description, chosen, Options);
        return use;
    }

    /// <summary>The model as texts are embedded with it; opened at the first text.</summary>
    /// <exception cref="ModelException">It gives no vectors.</exception>
    public TextEncoder Encoder(ModelUse model) => model.Description.Kind == ModelKind.Embedder
        ? TextEncoder.Of(model.Folder, model.Variant, Options)
        : throw new ModelException($"{model.Folder.Path}: expected a model that gives vectors of texts, found one that {model.Description.Says}. Label sets are trained on a sentence encoder such as {configuration.Settings.Models.Default}.");

    // The variant of the configuration is meant for the models that have it; the default model must.
    private string VariantOf(ModelFolder folder, ModelDescription description, string? variant)
    {
        var general = configuration.Settings.Models.Variant;
        if (variant is null && general is not null && (description.VariantNamed(general) is not null || folder.Name == configuration.Settings.Models.Default))
            variant = general;
        return variant is null
            ? description.VariantFor(Options.Provider)
            : description.VariantNamed(variant) ?? throw new ModelException($"{folder.Path}: expected the variant `{variant}`, found {description.VariantNames}. Choose one of them.");
    }

    private static string Find(IEnumerable<string> shelves, string name, string what, IReadOnlyList<string> known, string remedy)
    {
        var found = shelves.Select(shelf => Path.Combine(shelf, name)).FirstOrDefault(Directory.Exists);
        if (found is not null && !name.Contains("..", StringComparison.Ordinal)) return found;
        var nearest = NearestName.Of(name, known);
        throw new ConfigurationException([$"There is no {what} {name} in {string.Join(", ", shelves)}.{(nearest is not null ? $" Did you mean {nearest}?" : known.Count > 0 ? $" There are: {string.Join(", ", known)}." : $" {remedy}")}"]);
    }
}
