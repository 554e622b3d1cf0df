using BatchInference.Models.Labels;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;
using BatchInference.Models.Shelf;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Jobs;

/// <summary>Which models and label sets a configuration names, and how they are run.</summary>
internal sealed class ModelChoice(WorkerConfiguration configuration)
{
    private readonly Dictionary<string, ModelFolder> opened = new(StringComparer.Ordinal);

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

    /// <summary>The variant of the models' graphs.</summary>
    public string Variant => configuration.Settings.Models.Variant ?? EncoderPass.VariantFor(Options.Provider);

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
        return opened[wanted] = ModelFolder.Open(Find(Shelves, wanted, "model", Models));
    }

    /// <summary>The folder of a label set.</summary>
    /// <exception cref="ConfigurationException">There is none of that name.</exception>
    public string LabelSetFolder(string name) => Find(LabelFolders.Select(folder => folder), name, "label set", LabelSets);

    /// <summary>The model as texts are embedded with it; opened at the first text.</summary>
    public TextEncoder Encoder(ModelFolder model) => TextEncoder.Of(model, Variant, Options);

    private static string Find(IEnumerable<string> shelves, string name, string what, IReadOnlyList<string> known)
    {
        var found = shelves.Select(shelf => Path.Combine(shelf, name)).FirstOrDefault(Directory.Exists);
        if (found is not null && !name.Contains("..", StringComparison.Ordinal)) return found;
        var nearest = NearestName.Of(name, known);
        throw new ConfigurationException([$"There is no {what} {name} in {string.Join(", ", shelves)}.{(nearest is not null ? $" Did you mean {nearest}?" : known.Count > 0 ? $" There are: {string.Join(", ", known)}." : "")}"]);
    }
}
