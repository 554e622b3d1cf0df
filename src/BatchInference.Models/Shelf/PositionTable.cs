using System.Text.Json;

namespace BatchInference.Models.Shelf;

/// <summary>How many tokens the table of positions of a model has room for.</summary>
internal static class PositionTable
{
    /// <summary>The room that a <c>config.json</c> tells of; null where the model has no such table.</summary>
    /// <remarks>RoBERTa and its heirs count positions from behind the padding's (<c>create_position_ids_from_input_ids</c> of transformers), so mostly two of 514 are no room.</remarks>
    public static int? RoomOf(JsonElement config)
    {
        var positions = Number(config, "max_position_embeddings") ?? Number(config, "n_positions");
        return positions > 2 && config.TryGetProperty("model_type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() is "roberta" or "camembert" or "xlm-roberta" or "mpnet"
            ? positions - (Number(config, "pad_token_id") ?? 1) - 1
            : positions;
    }

    private static int? Number(JsonElement of, string key) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;
}
