using System.Text.Json;
using BatchInference.Models.Onnx;

namespace BatchInference.Models.Generation;

/// <summary>Finds the cache of a graph by its names: <c>past_key_values.0.key</c> with <c>present.0.key</c>, and so on, for decoders with <c>.decoder.</c> and <c>.encoder.</c> in between.</summary>
internal static class CacheLayout
{
    private const string Past = "past_key_values.";
    private const string Present = "present.";

    /// <summary>The slots of a graph in the order of its inputs.</summary>
    /// <param name="model">The graph.</param>
    /// <param name="folder">The model's folder: its configuration tells heads and width where the graph leaves them open.</param>
    /// <param name="part">Only slots that hold this, <c>.encoder.</c> or <c>.decoder.</c>; empty for all.</param>
    public static IReadOnlyList<CacheSlot> Of(OnnxModel model, ModelFolder folder, string part = "")
    {
        var config = folder.Json("config.json") ?? Decoder(folder.Json("genai_config.json"));
        var slots = new List<CacheSlot>();
        foreach (var (name, about) in model.Inputs)
        {
            if (!name.StartsWith(Past, StringComparison.Ordinal) || !name.Contains(part, StringComparison.Ordinal))
                continue;
            if (!about.IsTensor || about.Dimensions.Length != 4)
                throw new ModelException($"Expected the input `{name}` as rows × heads × positions × width, found {about.Dimensions.Length} axes. Export the model again with optimum or the GenAI builder.");
            var heads = about.Dimensions[1] > 0 ? about.Dimensions[1] : Heads(config);
            var width = about.Dimensions[3] > 0 ? about.Dimensions[3] : Width(config);
            if (heads <= 0 || width <= 0)
                throw new ModelException($"Expected to know heads and width of the input `{name}`; neither the graph nor config.json or genai_config.json tells them. Export the model again with its configuration.");
            slots.Add(new CacheSlot(name, Present + name[Past.Length..], about.ElementDataType, heads, width));
        }

        return slots;
    }

    // Grouped-query attention keeps fewer heads than it asks with, and the width of a head need not be the model's width divided by them.
    private static int Heads(JsonElement? config) => Number(config, "num_key_value_heads") ?? Number(config, "decoder_attention_heads") ?? Number(config, "num_attention_heads") ?? Number(config, "num_heads") ?? Number(config, "n_head") ?? 0;

    private static int Width(JsonElement? config) => Number(config, "head_dim") ?? Number(config, "head_size") ?? Number(config, "d_kv") ?? Quotient(Number(config, "hidden_size") ?? Number(config, "d_model") ?? Number(config, "n_embd"), Number(config, "num_attention_heads") ?? Number(config, "decoder_attention_heads") ?? Number(config, "n_head"));

    private static JsonElement? Decoder(JsonElement? genai) => genai is { } config && config.TryGetProperty("model", out var model) && model.TryGetProperty("decoder", out var decoder) ? decoder : null;

    private static int Quotient(int? all, int? parts) => all is { } whole && parts is > 0 ? whole / parts.Value : 0;

    private static int? Number(JsonElement? config, string key) =>
        config is { ValueKind: JsonValueKind.Object } known && known.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;
}
