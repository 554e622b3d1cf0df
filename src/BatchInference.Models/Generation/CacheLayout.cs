using BatchInference.Models.Onnx;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Generation;

/// <summary>One tensor of a cache: rows × heads × positions × width.</summary>
internal sealed record CacheSlot(string Input, string Output, TensorElementType Type, int Heads, int Width);

/// <summary>Finds the cache of a graph by its names: <c>past_key_values.0.key</c> with <c>present.0.key</c>, and so on, for decoders with <c>.decoder.</c> and <c>.encoder.</c> in between.</summary>
internal static class CacheLayout
{
    private const string Past = "past_key_values.";
    private const string Present = "present.";

    /// <summary>True for the name of an input of the cache.</summary>
    public static bool IsPast(string name) => name.StartsWith(Past, StringComparison.Ordinal);

    /// <summary>The slots of a graph in the order of its inputs.</summary>
    /// <param name="path">The graph's file, for messages.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="shape">Heads and width where the graph leaves them open.</param>
    /// <param name="part">Only slots that hold this, <c>.encoder.</c> or <c>.decoder.</c>; empty for all.</param>
    /// <exception cref="ModelException">An input of the cache is not understood; the message names it.</exception>
    public static IReadOnlyList<CacheSlot> Of(string path, OnnxModel graph, ModelShape shape, string part = "")
    {
        var slots = new List<CacheSlot>();
        foreach (var (name, about) in graph.Inputs)
        {
            if (!IsPast(name) || !name.Contains(part, StringComparison.Ordinal))
                continue;
            if (!about.IsTensor || about.Dimensions.Length != 4 || about.ElementDataType is not (TensorElementType.Float or TensorElementType.Float16))
                throw new ModelException($"{path}: expected the input `{name}` as rows × heads × positions × width of float or float16, found {(about.IsTensor ? $"{about.ElementDataType} with {about.Dimensions.Length} axes" : about.OnnxValueType)}. Export the model again with optimum or the GenAI builder.");
            var heads = about.Dimensions[1] > 0 ? about.Dimensions[1] : shape.Heads;
            var width = about.Dimensions[3] > 0 ? about.Dimensions[3] : shape.Width;
            if (heads is null || width is null)
                throw new ModelException($"{path}: expected to know heads and width of the input `{name}`; neither the graph nor config.json or genai_config.json tells them. Export the model again with its configuration.");
            slots.Add(new CacheSlot(name, Present + name[Past.Length..], about.ElementDataType, heads.Value, width.Value));
        }

        return slots;
    }
}
