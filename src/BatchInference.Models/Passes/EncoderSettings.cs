using System.Text.Json;
using BatchInference.Models.Onnx;
using BatchInference.Models.Shelf;

namespace BatchInference.Models.Passes;

/// <summary>What the files of a sentence encoder say of its use (layout of Hugging Face and sentence-transformers).</summary>
/// <param name="Width">How many numbers a state has.</param>
/// <param name="Vocabulary">How many ids the model knows.</param>
/// <param name="Padding">The id that fills rows up.</param>
/// <param name="Length">Most tokens of a window.</param>
/// <param name="Prefix">What stands before every text; may be empty.</param>
internal sealed record EncoderSettings(int Width, int Vocabulary, int Padding, int Length, string Prefix)
{
    /// <summary>Reads the settings of a model.</summary>
    /// <exception cref="ModelException">A file is missing, lacks a value, or asks for a pooling other than the mean of tokens.</exception>
    public static EncoderSettings Read(ModelFolder folder)
    {
        var config = Required(folder, "config.json");
        _ = Number(folder, "config.json", config, "max_position_embeddings");
        var positions = PositionTable.RoomOf(config)!.Value;
        var length = folder.Json("sentence_bert_config.json") is { } sentences && sentences.TryGetProperty("max_seq_length", out var limit) && limit.ValueKind == JsonValueKind.Number && limit.TryGetInt32(out var tokens)
            ? Math.Min(tokens, positions)
            : positions;
        RequireMean(folder);
        return new EncoderSettings(
            Number(folder, "config.json", config, "hidden_size"),
            Number(folder, "config.json", config, "vocab_size"),
            Number(folder, "config.json", config, "pad_token_id"),
            length,
            DefaultPrompt(folder));
    }

    /// <summary>The graph of a variant: <c>onnx/model_&lt;variant&gt;.onnx</c>; the unquantised one is called <c>fp32</c> and lies in <c>onnx/model.onnx</c>.</summary>
    /// <exception cref="ModelException">There is no such variant; the message names those that there are.</exception>
    public static string GraphOf(ModelFolder folder, string variant)
    {
        var variants = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, _) in folder.Files)
        {
            if (name is "onnx/model.onnx" or "model.onnx")
                variants["fp32"] = name;
            else if (name.StartsWith("onnx/model_", StringComparison.Ordinal) && name.EndsWith(".onnx", StringComparison.Ordinal))
                variants[name["onnx/model_".Length..^".onnx".Length]] = name;
        }

        return variants.TryGetValue(variant, out var graph)
            ? folder.At(graph)
            : throw new ModelException($"{folder.Path}: expected the variant `{variant}`, found {(variants.Count == 0 ? "none" : string.Join(", ", variants.Keys.Select(known => $"`{known}`")))}. Choose one of them, or add the file onnx/model_{variant}.onnx.");
    }

    private static void RequireMean(ModelFolder folder)
    {
        const string file = "1_Pooling/config.json";
        if (folder.Json(file) is not { } pooling)
            return;
        foreach (var mode in pooling.EnumerateObject())
            if (mode.Name.StartsWith("pooling_mode_", StringComparison.Ordinal) && mode.Value.ValueKind == JsonValueKind.True && mode.Name != "pooling_mode_mean_tokens")
                throw new ModelException($"{folder.At(file)}: expected `pooling_mode_mean_tokens`, found `{mode.Name}`. Choose an encoder that pools by the mean of its tokens.");
    }

    // The blank behind a prompt belongs to the word that follows it, not to the prompt's own tokens.
    private static string DefaultPrompt(ModelFolder folder) =>
        folder.Json("config_sentence_transformers.json") is { } settings
        && settings.TryGetProperty("default_prompt_name", out var name) && name.ValueKind == JsonValueKind.String
        && settings.TryGetProperty("prompts", out var prompts) && prompts.TryGetProperty(name.GetString()!, out var prompt) && prompt.ValueKind == JsonValueKind.String
            ? prompt.GetString()!.TrimEnd()
            : "";

    private static JsonElement Required(ModelFolder folder, string file) => folder.Json(file) ?? throw Missing(folder, file);

    private static ModelException Missing(ModelFolder folder, string file) => new($"{folder.Path}: expected the file {file}, found none. Export or download the model again with this file.");

    private static int Number(ModelFolder folder, string file, JsonElement element, string key) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= 0
            ? number
            : throw new ModelException($"{folder.At(file)}: expected `{key}` as a number, found none. Restore the file from where the model came.");
}
