using System.Text.Json;
using BatchInference.Models.Onnx;

namespace BatchInference.Models.Generation;

/// <summary>Reads <see cref="GenerationSettings"/> from the files of a model folder, and settings of a task over them.</summary>
internal static class GenerationSettingsFile
{
    // What would change the tokens but is not built: refused unless it is neutral, since a silent other answer is worse than none.
    private static readonly Dictionary<string, double> Neutral = new(StringComparer.Ordinal)
    {
        ["num_beam_groups"] = 1, ["diversity_penalty"] = 0, ["penalty_alpha"] = 0, ["guidance_scale"] = 1, ["typical_p"] = 1, ["epsilon_cutoff"] = 0, ["eta_cutoff"] = 0, ["top_h"] = 0,
    };

    private static readonly string[] Absent = ["constraints", "force_words_ids", "sequence_bias", "exponential_decay_length_penalty", "watermarking_config", "forced_decoder_ids", "dola_layers"];

    /// <summary>The settings that a folder ships: <c>generation_config.json</c>, else <c>genai_config.json</c>, else <c>config.json</c>.</summary>
    /// <exception cref="ModelException">A setting has no sense, or is one that this program does not have.</exception>
    public static GenerationSettings Read(ModelFolder folder)
    {
        if (folder.Json("generation_config.json") is { } generation)
            return Apply(new GenerationSettings(), generation, folder.At("generation_config.json"));
        if (folder.Json("genai_config.json") is { } genai)
        {
            var path = folder.At("genai_config.json");
            var settings = genai.TryGetProperty("search", out var search) ? Apply(new GenerationSettings(), search, path) : new GenerationSettings();
            return genai.TryGetProperty("model", out var model) ? Apply(settings, model, path) : settings;
        }

        return folder.Json("config.json") is { } config ? Apply(new GenerationSettings(), config, folder.At("config.json")) : new GenerationSettings();
    }

    /// <summary>Puts the settings of a JSON object, in transformers' names, over others; keys that are no settings of generation are passed over.</summary>
    /// <param name="settings">What holds where the object says nothing.</param>
    /// <param name="source">The object.</param>
    /// <param name="where">What the object comes from, for messages.</param>
    /// <exception cref="ModelException">A setting has no sense, or is one that this program does not have.</exception>
    public static GenerationSettings Apply(GenerationSettings settings, JsonElement source, string where)
    {
        if (source.ValueKind != JsonValueKind.Object)
            throw new ModelException($"{where}: expected an object of settings, found {Show(source)}. Restore the file from where the model came.");
        foreach (var property in source.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Null)
                continue;
            RefuseUnknownEffect(property, where);
            try
            {
                settings = With(settings, property.Name, property.Value);
            }
            catch (Exception error) when (error is InvalidOperationException or FormatException)
            {
                throw new ModelException($"{where}: expected `{property.Name}` as transformers writes it, found {Show(property.Value)}. Correct the value or remove the key.", error);
            }
        }

        Judge(settings, where);
        // As transformers' _prepare_generated_length has it: the count of new tokens replaces the other, even 0.
        return settings.MinNewTokens is null ? settings : settings with { MinLength = 0 };
    }

    private static GenerationSettings With(GenerationSettings settings, string name, JsonElement value) => name switch
    {
        "max_new_tokens" => settings with { MaxNewTokens = value.GetInt32() },
        "max_length" => settings with { MaxLength = value.GetInt32() },
        "min_length" => settings with { MinLength = value.GetInt32() },
        "min_new_tokens" => settings with { MinNewTokens = value.GetInt32() },
        "num_beams" => settings with { Beams = value.GetInt32() },
        "length_penalty" => settings with { LengthPenalty = value.GetDouble() },
        "early_stopping" => settings with { EarlyStopping = Stopping(value) },
        "num_return_sequences" => settings with { ReturnSequences = value.GetInt32() },
        "do_sample" => settings with { Sample = value.GetBoolean() },
        "seed" => settings with { Seed = value.GetUInt64() },
        "temperature" => settings with { Temperature = value.GetDouble() },
        "top_k" => settings with { TopK = value.GetInt32() },
        "top_p" => settings with { TopP = value.GetDouble() },
        "min_p" => settings with { MinP = value.GetDouble() },
        "repetition_penalty" => settings with { RepetitionPenalty = value.GetDouble() },
        "encoder_repetition_penalty" => settings with { EncoderRepetitionPenalty = value.GetDouble() },
        "no_repeat_ngram_size" => settings with { NoRepeatNGramSize = value.GetInt32() },
        "encoder_no_repeat_ngram_size" => settings with { EncoderNoRepeatNGramSize = value.GetInt32() },
        "bad_words_ids" => settings with { BadWords = [.. value.EnumerateArray().Select(Ids)] },
        "suppress_tokens" => settings with { SuppressTokens = Ids(value) },
        "begin_suppress_tokens" => settings with { BeginSuppressTokens = Ids(value) },
        "forced_bos_token_id" => settings with { ForcedFirstToken = Id(value) },
        "forced_eos_token_id" => settings with { ForcedLastTokens = Ids(value) },
        "renormalize_logits" => settings with { RenormalizeLogits = value.GetBoolean() },
        "eos_token_id" => settings with { EndTokens = Ids(value) },
        // -1 is how some folders say that there is none.
        "pad_token_id" => settings with { PaddingToken = value.GetInt32() is >= 0 and var padding ? padding : null },
        "bos_token_id" => settings with { FirstToken = Id(value) },
        "decoder_start_token_id" => settings with { DecoderStartToken = Id(value) },
        "stop_strings" => settings with { StopStrings = value.ValueKind == JsonValueKind.String ? [Text(value)] : [.. value.EnumerateArray().Select(Text)] },
        _ => settings,
    };

    private static int[] Ids(JsonElement value) => value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(Id)] : [Id(value)];

    private static int Id(JsonElement value) => value.GetInt32() is >= 0 and var id ? id : throw new FormatException("a token id is 0 or more");

    private static string Text(JsonElement value) => value.GetString() is { Length: > 0 } text ? text : throw new FormatException("a stop string is not empty");

    private static EarlyStopping Stopping(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => EarlyStopping.WhenFull,
        JsonValueKind.False => EarlyStopping.Heuristic,
        JsonValueKind.String when value.GetString() == "never" => EarlyStopping.Never,
        _ => throw new FormatException("early_stopping is true, false or \"never\""),
    };

    private static void RefuseUnknownEffect(JsonProperty property, string where)
    {
        var value = property.Value;
        var effect = Neutral.TryGetValue(property.Name, out var neutral)
            ? value.ValueKind != JsonValueKind.Number || value.GetDouble() != neutral
            : Absent.Contains(property.Name) && !(value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0);
        if (effect)
            throw new ModelException($"{where}: expected no `{property.Name}`, found {Show(value)}: this program does not generate by it. Remove the key, or set it to null, if the model may generate without it.");
    }

    private static void Judge(GenerationSettings settings, string where)
    {
        Demand(settings.Beams is >= 1 and <= 64, "num_beams", settings.Beams, "1 to 64");
        Demand(settings.ReturnSequences is >= 1 and <= 64 && (settings.Sample || settings.ReturnSequences <= settings.Beams), "num_return_sequences", settings.ReturnSequences, "1 to num_beams, or to 64 with do_sample");
        Demand(!(settings.Sample && settings.Beams > 1), "do_sample with num_beams", settings.Beams, "do_sample false where there are several beams");
        Demand(settings.Temperature > 0, "temperature", settings.Temperature, "a number above 0 (do_sample false for none)");
        Demand(settings.TopK >= 0, "top_k", settings.TopK, "0 or more");
        Demand(settings.TopP is >= 0 and <= 1, "top_p", settings.TopP, "0 to 1");
        Demand(settings.MinP is null or (>= 0 and <= 1), "min_p", settings.MinP, "0 to 1");
        Demand(settings.RepetitionPenalty > 0, "repetition_penalty", settings.RepetitionPenalty, "a number above 0");
        Demand(settings.EncoderRepetitionPenalty > 0, "encoder_repetition_penalty", settings.EncoderRepetitionPenalty, "a number above 0");
        Demand(settings.NoRepeatNGramSize >= 0, "no_repeat_ngram_size", settings.NoRepeatNGramSize, "0 or more");
        Demand(settings.EncoderNoRepeatNGramSize >= 0, "encoder_no_repeat_ngram_size", settings.EncoderNoRepeatNGramSize, "0 or more");
        Demand(settings.MaxNewTokens is null or >= 1, "max_new_tokens", settings.MaxNewTokens, "1 or more");
        Demand(settings.MaxLength is null or >= 1, "max_length", settings.MaxLength, "1 or more");
        Demand(settings.MinLength >= 0, "min_length", settings.MinLength, "0 or more");
        Demand(settings.MinNewTokens is null or >= 0, "min_new_tokens", settings.MinNewTokens, "0 or more");
        Demand(double.IsFinite(settings.LengthPenalty), "length_penalty", settings.LengthPenalty, "a number");
        Demand(settings.BadWords.All(word => word.Count > 0), "bad_words_ids", "an empty sequence", "sequences of one token or more");

        void Demand(bool good, string key, object? found, string expected)
        {
            if (!good)
                throw new ModelException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{where}: expected `{key}`: {expected}, found {found}. Correct the value or remove the key."));
        }
    }

    private static string Show(JsonElement value) => value.GetRawText() is { Length: <= 80 } text ? text : value.GetRawText()[..80] + "…";
}
