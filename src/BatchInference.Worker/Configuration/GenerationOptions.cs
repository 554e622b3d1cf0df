using System.Text.Json.Nodes;

namespace BatchInference.Worker.Configuration;

/// <summary>How a model writes, as a task or a command line says it.</summary>
internal sealed record GenerationOptions
{
    public int? MaxNewTokens { get; init; }

    public int? MinNewTokens { get; init; }

    public int? Beams { get; init; }

    public double? LengthPenalty { get; init; }

    public string? EarlyStopping { get; init; }

    public double? RepetitionPenalty { get; init; }

    public int? NoRepeatNgram { get; init; }

    public bool? Sample { get; init; }

    public double? Temperature { get; init; }

    public int? TopK { get; init; }

    public double? TopP { get; init; }

    public long? Seed { get; init; }

    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>The same in transformers' names; without what was not said.</summary>
    public JsonObject ToTransformers()
    {
        JsonNode? early = EarlyStopping switch { null => null, "never" => "never", _ => EarlyStopping == "full" };
        var said = new JsonObject
        {
            ["max_new_tokens"] = MaxNewTokens,
            ["min_new_tokens"] = MinNewTokens,
            ["num_beams"] = Beams,
            ["length_penalty"] = LengthPenalty,
            ["early_stopping"] = early,
            ["repetition_penalty"] = RepetitionPenalty,
            ["no_repeat_ngram_size"] = NoRepeatNgram,
            ["do_sample"] = Sample,
            ["temperature"] = Temperature,
            ["top_k"] = TopK,
            ["top_p"] = TopP,
            ["seed"] = Seed,
            ["stop_strings"] = Stop is null ? null : new JsonArray([.. Stop.Select(text => (JsonNode)text)]),
        };
        foreach (var name in said.Where(entry => entry.Value is null).Select(entry => entry.Key).ToArray())
            said.Remove(name);
        return said;
    }
}
