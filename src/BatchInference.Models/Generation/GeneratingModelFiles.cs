using BatchInference.Models.Onnx;

namespace BatchInference.Models.Generation;

/// <summary>Finds and loads the graphs of a generating model, whatever its layout and variant.</summary>
internal static class GeneratingModelFiles
{
    /// <summary>Loads the model.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="variant">Which of its graphs, as the ending of the file name (<c>q4</c> for <c>model_q4.onnx</c>); empty for the plain one.</param>
    /// <param name="options">Where and how it runs.</param>
    /// <exception cref="ModelException">A graph is missing or unfit.</exception>
    public static GeneratingModel Load(ModelFolder folder, string variant, OnnxOptions options)
    {
        if (Find(folder, "encoder_model", variant) is { } encoder)
        {
            if (Find(folder, "decoder_model_merged", variant) is { } merged)
                return EncoderDecoderModel.Load(folder.At(encoder), folder.At(merged), null, folder, options);
            var first = Find(folder, "decoder_model", variant) ?? folder.At("decoder_model_merged.onnx");
            var next = Find(folder, "decoder_with_past_model", variant) ?? folder.At("decoder_with_past_model.onnx");
            return EncoderDecoderModel.Load(folder.At(encoder), folder.At(first), folder.At(next), folder, options);
        }

        return DecoderModel.Load(folder.At(GenAi(folder) ?? Find(folder, "model", variant) ?? (variant.Length == 0 ? "model.onnx" : $"onnx/model_{variant}.onnx")), folder, options);
    }

    /// <summary>A graph's path in the folder, beside the configuration or in <c>onnx/</c>; null when there is none.</summary>
    public static string? Find(ModelFolder folder, string stem, string variant)
    {
        var name = variant.Length == 0 ? $"{stem}.onnx" : $"{stem}_{variant}.onnx";
        return folder.Has(name) ? name : folder.Has($"onnx/{name}") ? $"onnx/{name}" : null;
    }

    private static string? GenAi(ModelFolder folder)
    {
        if (folder.Json("genai_config.json") is not { } config)
            return null;
        return config.TryGetProperty("model", out var model) && model.TryGetProperty("decoder", out var decoder) && decoder.TryGetProperty("filename", out var name) && name.GetString() is { Length: > 0 } file
            ? file
            : throw new ModelException($"{folder.At("genai_config.json")}: expected `model.decoder.filename`, found none. Restore the file from where the model came.");
    }
}
