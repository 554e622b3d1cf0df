using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;

namespace BatchInference.Models.Shelf;

/// <summary>The graphs that a run has loaded: passes that use the same variant of a model share it. Owns them; what is not thread-safe is used by one loop, as the passes are.</summary>
public sealed class ModelSessions : IDisposable
{
    private readonly Dictionary<string, IDisposable> loaded = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var graph in loaded.Values)
            graph.Dispose();
        loaded.Clear();
    }

    /// <exception cref="ModelException">The graph cannot be loaded or is no classifier with the labels of the configuration.</exception>
    internal SequenceClassifierModel Classifier(ModelUse use) => Once(use, () => SequenceClassifierModel.Load(
        Graph(use), use.Description.Labels.Count, Number(use.Folder, "vocab_size") ?? use.Tokenizer.VocabularySize, Number(use.Folder, "pad_token_id") ?? 0, use.Options));

    /// <exception cref="ModelException">A graph is missing, cannot be loaded, or is none that generates.</exception>
    internal GeneratingModel Generator(ModelUse use) => Once(use, () => GeneratingModelFiles.Load(use.Folder, use.Variant, use.Options));

    private T Once<T>(ModelUse use, Func<T> load)
        where T : IDisposable
    {
        if (loaded.TryGetValue(use.Name, out var graph))
            return (T)graph;
        var fresh = load();
        loaded[use.Name] = fresh;
        return fresh;
    }

    private static string Graph(ModelUse use) =>
        use.Folder.At(GeneratingModelFiles.Find(use.Folder, "model", use.Variant) ?? "model.onnx");

    private static int? Number(ModelFolder folder, string key) =>
        folder.Json("config.json") is { } config && config.TryGetProperty(key, out var value) && value.TryGetInt32(out var number) ? number : null;
}
