using BatchInference.Models.Onnx;

namespace BatchInference.Models.Shelf;

/// <summary>How large a model is as it is used.</summary>
public static class ModelWeights
{
    /// <summary>Bytes of the graphs of the chosen variant and of the files that hold their weights.</summary>
    /// <exception cref="ModelException">A graph is damaged.</exception>
    public static long BytesOf(ModelUse use)
    {
        var graphs = use.Folder.Files.Where(file => file.Name.EndsWith(".onnx", StringComparison.Ordinal) && IsOf(use, file.Name)).Select(file => use.Folder.At(file.Name)).ToArray();
        var weights = graphs.SelectMany(graph => OnnxGraphFile.Read(graph).ExternalFiles.Select(name => Path.Combine(Path.GetDirectoryName(graph)!, name))).Distinct();
        return graphs.Concat(weights).Sum(path => new FileInfo(path).Length);
    }

    private static bool IsOf(ModelUse use, string graph) => use.Variant.Length > 0
        ? graph.EndsWith($"_{use.Variant}.onnx", StringComparison.Ordinal)
        : !use.Description.Variants.Any(other => other.Length > 0 && graph.EndsWith($"_{other}.onnx", StringComparison.Ordinal));
}
