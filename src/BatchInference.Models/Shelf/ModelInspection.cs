using System.Text.Json;
using BatchInference.Models.Chat;
using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tasks;

namespace BatchInference.Models.Shelf;

/// <summary>Looks at a model folder before it comes onto the shelf: what it is, whether everything is there and fits together. Nothing of it is run.</summary>
internal static class ModelInspection
{
    private static readonly string[] Encoders = ["bert", "distilbert", "roberta", "camembert", "xlm-roberta", "deberta-v2", "modernbert", "electra", "mpnet", "albert"];
    private static readonly string[] EncoderDecoders = ["t5", "mt5", "bart", "mbart", "marian", "pegasus"];
    private static readonly string[] Decoders = ["gpt2", "llama", "qwen2", "qwen3", "mistral", "gemma", "gemma2", "gemma3", "gemma3_text", "phi3"];

    /// <summary>Inspects a folder.</summary>
    /// <exception cref="ModelException">All that is wrong with it at once, one a line.</exception>
    public static ModelDescription Inspect(ModelFolder folder)
    {
        var problems = new List<string>();
        var config = Try(folder, problems, () => folder.Json("config.json"));
        var genai = Try(folder, problems, () => folder.Json("genai_config.json"));
        if (config is null && genai is null)
        {
            if (problems.Count == 0)
                problems.Add($"{folder.Path}: expected config.json (optimum, Hugging Face) or genai_config.json (ONNX Runtime GenAI), found neither. Give the folder of one model, with its configuration.");
            throw Refusal(problems);
        }

        var architecture = config is { } known ? Text(known, "model_type") : genai is { } generation && generation.TryGetProperty("model", out var model) ? Text(model, "type") : null;
        var kind = KindOf(folder, config, genai, architecture, problems);
        if (kind is not { } found)
            throw Refusal(problems);

        var graphs = ModelGraphs.Of(folder, found, genai, problems);
        var alone = graphs.Files.Where(graph => Try(folder, problems, () => ModelGraphs.Check(folder, graph.Path, problems))).Select(graph => graph.Variant).ToHashSet(StringComparer.Ordinal);
        var size = config is { } shape ? Number(shape, "vocab_size") : genai is { } other && other.TryGetProperty("model", out var inner) ? Number(inner, "vocab_size") : null;
        Try(folder, problems, () => TokenizerVocabulary.Check(folder, size, problems));
        if (found != ModelKind.Decoder)
            Try(folder, problems, () => TokenizerVocabulary.CheckPadding(folder, problems));
        var labels = found is ModelKind.Classifier or ModelKind.TokenClassifier ? LabelsOf(folder, config!.Value, problems) : [];
        var chats = false;
        if (found is ModelKind.Decoder or ModelKind.EncoderDecoder)
        {
            Try(folder, problems, () => GenerationSettingsFile.Read(folder));
            chats = Try(folder, problems, () => ChatTemplate.Load(folder)) is not null;
        }

        var context = ContextOf(folder, config, genai, problems);
        if (problems.Count > 0)
            throw Refusal(problems);
        var layout = genai is not null ? "genai" : found == ModelKind.Embedder && folder.Has("modules.json") ? "sentence-transformers" : "optimum";
        // Encoders call their plain graph by what it holds, since trained label sets are kept by that name.
        string[] Named(IEnumerable<string> variants) => [.. variants.Select(variant => found == ModelKind.Embedder && variant.Length == 0 ? "fp32" : variant)];
        return new ModelDescription(found, layout, architecture!, Named(graphs.Variants), labels, context, chats) { Alone = Named(graphs.Variants.Where(alone.Contains)), Rule = LabelScores.RuleOf(config is { } told ? Text(told, "problem_type") : null, labels.Count) };
    }

    private static ModelKind? KindOf(ModelFolder folder, JsonElement? config, JsonElement? genai, string? architecture, List<string> problems)
    {
        if (architecture is null || !(Encoders.Contains(architecture) || EncoderDecoders.Contains(architecture) || Decoders.Contains(architecture)))
        {
            problems.Add($"{folder.Path}: expected a model_type of {string.Join(", ", [.. Encoders, .. EncoderDecoders, .. Decoders])}, found {(architecture is null ? "none" : $"`{architecture}`")}. Models of other architectures would give answers that nobody has compared with the reference; choose another model.");
            return null;
        }

        if (genai is not null || Decoders.Contains(architecture))
            return ModelKind.Decoder;
        if (EncoderDecoders.Contains(architecture))
            return ModelKind.EncoderDecoder;
        var name = config is { } known && known.TryGetProperty("architectures", out var names) && names.ValueKind == JsonValueKind.Array && names.GetArrayLength() > 0 ? names[0].GetString() ?? "" : "";
        if (name.EndsWith("ForSequenceClassification", StringComparison.Ordinal))
            return ModelKind.Classifier;
        if (name.EndsWith("ForTokenClassification", StringComparison.Ordinal))
            return ModelKind.TokenClassifier;
        if (folder.Has("modules.json") || name.EndsWith("Model", StringComparison.Ordinal) || name.Length == 0)
            return ModelKind.Embedder;
        problems.Add($"{folder.Path}: expected a model for classification, tokens, vectors or generation, found `{name}` in config.json. Choose a model that was trained for one of these.");
        return null;
    }

    private static List<string> LabelsOf(ModelFolder folder, JsonElement config, List<string> problems)
    {
        var count = Number(config, "num_labels");
        if (!config.TryGetProperty("id2label", out var map) || map.ValueKind != JsonValueKind.Object || map.EnumerateObject().All(_ => false))
        {
            // Without a map the reference numbers the labels; then nobody would know what an answer means.
            if (Text(config, "problem_type") == "regression")
                return ["LABEL_0"];
            problems.Add($"{folder.At("config.json")}: expected `id2label` with the names of the labels, found none. Restore it from where the model came, or write it.");
            return [];
        }

        var labels = new SortedDictionary<int, string>();
        foreach (var entry in map.EnumerateObject())
            if (int.TryParse(entry.Name, out var id) && entry.Value.GetString() is { Length: > 0 } label)
                labels[id] = label;
        if (labels.Count == 0 || labels.Keys.First() != 0 || labels.Keys.Last() != labels.Count - 1 || labels.Values.Distinct().Count() != labels.Count)
            problems.Add($"{folder.At("config.json")}: expected `id2label` with a different name for each number from 0, found {map.GetRawText()}. Correct it.");
        if (count is { } declared && declared != labels.Count)
            problems.Add($"{folder.At("config.json")}: expected {declared} labels as `num_labels` says, found {labels.Count} in `id2label`. Correct it.");
        return [.. labels.Values];
    }

    private static int ContextOf(ModelFolder folder, JsonElement? config, JsonElement? genai, List<string> problems)
    {
        int? context = null;
        if (genai is { } generation && generation.TryGetProperty("model", out var model))
            context = Number(model, "context_length");
        if (config is { } known)
            context ??= PositionTable.RoomOf(known);

        // T5 has relative positions and no limit of its own; the tokenizer tells what it was trained with.
        context ??= folder.Json("tokenizer_config.json") is { } tokenizer && tokenizer.TryGetProperty("model_max_length", out var length) && length.TryGetDouble(out var limit) && limit is >= 1 and <= 1_000_000 ? (int)limit : null;
        context ??= config is { } relative && Text(relative, "model_type") is "t5" or "mt5" ? 512 : null;
        if (context is not > 8)
            problems.Add($"{folder.Path}: expected the context length (`max_position_embeddings`, or `context_length` of genai_config.json) above 8, found {context?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}. Restore the configuration from where the model came.");
        return context ?? 0;
    }

    private static string? Text(JsonElement of, string key) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int? Number(JsonElement of, string key) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    private static T? Try<T>(ModelFolder folder, List<string> problems, Func<T> look)
    {
        try
        {
            return look();
        }
        catch (ModelException error)
        {
            problems.Add(error.Message);
            return default;
        }
        catch (Exception error) when (error is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            problems.Add($"{folder.Path}: expected its JSON files of the shape that Hugging Face writes, found: {error.Message} Restore them from where the model came.");
            return default;
        }
    }

    private static void Try(ModelFolder folder, List<string> problems, Action look) => Try(folder, problems, () =>
    {
        look();
        return true;
    });

    private static ModelException Refusal(List<string> problems) => new(string.Join('\n', problems.Distinct()));
}
