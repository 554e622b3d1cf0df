using System.Text.Json;
using BatchInference.Models.Onnx;

namespace BatchInference.Models.Shelf;

/// <summary>Whether a folder's tokenizer belongs to its model: it must not give ids that the model does not have.</summary>
internal static class TokenizerVocabulary
{
    /// <summary>Tells when there is no tokenizer, or when the greatest id that it can give is not below the model's size.</summary>
    public static void Check(ModelFolder folder, int? size, List<string> problems)
    {
        var spm = folder.Has("source.spm") && folder.Has("vocab.json");
        if (folder.Json("tokenizer.json") is not { } tokenizer)
        {
            if (!spm)
                problems.Add($"{folder.Path}: expected tokenizer.json (or source.spm with vocab.json), found neither. Save the fast tokenizer of the model into the folder.");
            return;
        }

        if (Greatest(tokenizer) is not { } greatest)
            problems.Add($"{folder.At("tokenizer.json")}: expected a vocabulary, found none. Restore the file from where the model came.");
        // Marian's published tokenizer.json joins two vocabularies; its ids come from the .spm files.
        else if (size is { } limit && greatest >= limit && !spm)
            problems.Add($"{folder.At("tokenizer.json")}: expected ids below {limit}, the model's vocab_size, found {greatest}. Tokenizer and model do not belong together; restore both from where the model came.");
    }

    /// <summary>Tells when the tokenizer has another padding token than the model, as a tokenizer of another model mostly has. Models that only write are often published so, and need none.</summary>
    public static void CheckPadding(ModelFolder folder, List<string> problems)
    {
        if (folder.Json("config.json") is not { } config || !config.TryGetProperty("pad_token_id", out var id) || !id.TryGetInt32(out var padding)
            || folder.Json("tokenizer.json") is not { } tokenizer || PaddingToken(folder) is not { } token)
            return;
        var found = IdOf(tokenizer, token);
        if (found != padding && !folder.Has("source.spm"))
            problems.Add($"{folder.At("tokenizer.json")}: expected the padding token `{token}` with the id {padding} that config.json has, found {(found is { } other ? $"{other}" : "no such token")}. Tokenizer and model do not belong together; restore both from where the model came.");
    }

    private static string? PaddingToken(ModelFolder folder)
    {
        if (folder.Json("tokenizer_config.json") is not { } config || !config.TryGetProperty("pad_token", out var token))
            return null;
        return token.ValueKind == JsonValueKind.Object && token.TryGetProperty("content", out var content) ? content.GetString() : token.ValueKind == JsonValueKind.String ? token.GetString() : null;
    }

    private static int? IdOf(JsonElement tokenizer, string token)
    {
        foreach (var added in tokenizer.GetProperty("added_tokens").EnumerateArray())
            if (added.GetProperty("content").GetString() == token)
                return added.GetProperty("id").GetInt32();
        return tokenizer.GetProperty("model").TryGetProperty("vocab", out var vocabulary) && vocabulary.ValueKind == JsonValueKind.Object && vocabulary.TryGetProperty(token, out var id) ? id.GetInt32() : null;
    }

    // Texts of documents never yield a special token, only the tokenizer's own frame does. BART's `<mask>` and Gemma's `<image_soft_token>` have an id behind the model's last one.
    private static int? Greatest(JsonElement tokenizer)
    {
        int? greatest = null;
        if (tokenizer.ValueKind != JsonValueKind.Object || !tokenizer.TryGetProperty("model", out var model) || !model.TryGetProperty("vocab", out var vocabulary))
            return null;
        var framing = new HashSet<string>(StringComparer.Ordinal);
        if (tokenizer.TryGetProperty("post_processor", out var frame))
            AddTexts(frame, framing);
        var unused = new HashSet<string>(StringComparer.Ordinal);
        if (tokenizer.TryGetProperty("added_tokens", out var added) && added.ValueKind == JsonValueKind.Array)
            foreach (var token in added.EnumerateArray())
            {
                var text = token.GetProperty("content").GetString()!;
                if (token.TryGetProperty("special", out var special) && special.ValueKind == JsonValueKind.True && !framing.Contains(text))
                    unused.Add(text);
                else
                    greatest = Math.Max(greatest ?? 0, token.GetProperty("id").GetInt32());
            }

        if (vocabulary.ValueKind == JsonValueKind.Array)
        {
            var last = vocabulary.GetArrayLength() - 1;
            while (last >= 0 && vocabulary[last] is { ValueKind: JsonValueKind.Array } piece && unused.Contains(piece[0].GetString()!))
                last--;
            greatest = Math.Max(greatest ?? 0, last);
        }
        else if (vocabulary.ValueKind == JsonValueKind.Object)
            foreach (var entry in vocabulary.EnumerateObject())
                if (!unused.Contains(entry.Name))
                    greatest = Math.Max(greatest ?? 0, entry.Value.GetInt32());
        return greatest;
    }

    // Every kind of post-processor names its tokens by their texts, each at another place.
    private static void AddTexts(JsonElement of, HashSet<string> texts)
    {
        if (of.ValueKind == JsonValueKind.String)
            texts.Add(of.GetString()!);
        else if (of.ValueKind == JsonValueKind.Array)
            foreach (var item in of.EnumerateArray())
                AddTexts(item, texts);
        else if (of.ValueKind == JsonValueKind.Object)
            foreach (var property in of.EnumerateObject())
                AddTexts(property.Value, texts);
    }
}
