using System.Text.Json;
using BatchInference.Models.Onnx;

namespace BatchInference.Models.Generation;

/// <summary>The sizes of a generating model that its graph may leave open, as <c>config.json</c> or <c>genai_config.json</c> tells them; null where neither does.</summary>
/// <param name="Heads">Heads of the cache: with grouped-query attention fewer than those that ask.</param>
/// <param name="Width">Numbers of one head; need not be the model's width divided by the heads (Qwen 3, Gemma 2).</param>
/// <param name="Vocabulary">How many scores a step gives.</param>
/// <param name="Context">Most tokens of a row, prompt included; null where positions are relative (T5).</param>
internal sealed record ModelShape(int? Heads, int? Width, int? Vocabulary, int? Context)
{
    /// <summary>Reads the shape of a folder.</summary>
    public static ModelShape Of(ModelFolder folder)
    {
        var model = Inner(folder.Json("genai_config.json"), "model");
        var config = folder.Json("config.json");
        var sizes = config ?? Inner(model, "decoder");
        var asking = Number(sizes, "decoder_attention_heads", "num_attention_heads", "num_heads", "n_head");
        return new ModelShape(
            Number(sizes, "num_key_value_heads") ?? asking,
            Number(sizes, "head_dim", "head_size", "d_kv") ?? Quotient(Number(sizes, "hidden_size", "d_model", "n_embd"), asking),
            Number(config, "vocab_size") ?? Number(model, "vocab_size"),
            Number(model, "context_length") ?? (Number(config, "relative_attention_num_buckets") is null ? Number(config, "max_position_embeddings", "n_positions") : null));
    }

    private static JsonElement? Inner(JsonElement? of, string key) => of is { ValueKind: JsonValueKind.Object } known && known.TryGetProperty(key, out var value) ? value : null;

    private static int? Quotient(int? all, int? parts) => all is { } whole && parts is > 0 ? whole / parts.Value : null;

    // The first of these keys that is there with a number above 0.
    private static int? Number(JsonElement? config, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
            if (Inner(config, key) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) && number > 0)
                return number;
        return null;
    }
}
