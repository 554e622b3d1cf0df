using System.Text.Json;
using BatchInference.Models.Tokens.PreTokenization;
using BatchInference.Models.Tokens.Subwords;

namespace BatchInference.Models.Tokens;

/// <summary>Reads a <c>tokenizer.json</c> with what <c>tokenizer_config.json</c> changes in it.</summary>
internal sealed class TokenizerFile
{
    private readonly TokenizerJson file;
    private readonly TokenizerConfig config;
    private readonly TokenizerParts parts;

    private TokenizerFile(string path, TokenizerConfig config)
    {
        this.config = config;
        file = TokenizerJson.Read(File.ReadAllBytes(path), path);
        parts = new TokenizerParts(path, config);
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="Onnx.ModelException">It has a part that is not known.</exception>
    public static TokenizerDesign Read(string path, TokenizerConfig config) => new TokenizerFile(path, config).Design();

    private TokenizerDesign Design()
    {
        var added = new AddedTokenList(file.Vocabulary);
        foreach (var token in Part("added_tokens") is { ValueKind: JsonValueKind.Array } tokens ? tokens.EnumerateArray() : default)
            added.Add(AddedToken.Read(token, token.GetProperty("id").GetInt32()));
        added.Change(config);
        var controls = added.Tokens.Where(token => token.Control).Select(token => token.Id).ToArray();
        var byteLevel = TokenizerParts.EndsInBytes(Part("pre_tokenizer"));
        var model = Model(file.Settings.GetProperty("model"), byteLevel, controls);
        var preTokenizer = parts.OuterPreTokenizer(Part("pre_tokenizer"), model is BytePairModel { ReadsBytes: true });
        var design = new TokenizerDesign
        {
            Normalizer = parts.Normalizer(Part("normalizer")),
            PreTokenizer = preTokenizer,
            Model = model,
            PostProcessor = parts.PostProcessor(Part("post_processor")),
            Decoder = parts.Decoder(Part("decoder")),
            AddedTokens = added.Tokens,
            CleansUp = config.Flag("clean_up_tokenization_spaces") ?? false,
            Padding = config.Text("pad_token"),
        };
        return CutAtSpaces(LanguageTokens.Apply(SlowConversion.Apply(design, config), config, added));
    }

    private static TokenizerDesign CutAtSpaces(TokenizerDesign design) => design.Model is not BytePairModel { PartsAtSpaces: true } ? design : design with
    {
        PreTokenizer = design.PreTokenizer is null ? new MetaspaceCutPreTokenizer() : new PreTokenizerSequence([design.PreTokenizer, new MetaspaceCutPreTokenizer()]),
    };

    private JsonElement Part(string name) => file.Settings.TryGetProperty(name, out var part) ? part : default;

    private SubwordModel Model(JsonElement model, bool byteLevel, int[] controls) => Kind(model) switch
    {
        "Unigram" => Unigram(model, controls),
        "BPE" => BytePairs(model, byteLevel, controls),
        "WordPiece" => new WordPieceModel(file.Vocabulary, TokenizerParts.Text(model, "unk_token"), TokenizerParts.Text(model, "continuing_subword_prefix"), model.GetProperty("max_input_chars_per_word").GetInt32(), controls),
        "WordLevel" => new WordLevelModel(file.Vocabulary, TokenizerParts.Text(model, "unk_token"), controls),
        var kind => throw parts.Unknown("model", $"{kind}"),
    };

    // Files of before 2020 do not name their model's kind.
    private string? Kind(JsonElement model) => model.TryGetProperty("type", out var type) ? type.GetString()
        : model.TryGetProperty("unk_id", out _) ? "Unigram"
        : file.Merges.Count > 0 ? "BPE"
        : model.TryGetProperty("continuing_subword_prefix", out _) ? "WordPiece"
        : "WordLevel";

    private UnigramModel Unigram(JsonElement model, int[] controls)
    {
        if (file.Scores.Count == 0)
            throw new InvalidDataException("the pieces of the Unigram model have no scores.");
        var unknown = model.TryGetProperty("unk_id", out var unk) && unk.ValueKind == JsonValueKind.Number ? unk.GetInt32() : (int?)null;
        return new UnigramModel(file.Vocabulary, [.. file.Scores], unknown, TokenizerParts.Flag(model, "byte_fallback", false), controls);
    }

    private BytePairModel BytePairs(JsonElement model, bool byteLevel, int[] controls)
    {
        if (model.TryGetProperty("dropout", out var dropout) && dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() != 0)
            throw parts.Unknown("model", "BPE with dropout");
        var settings = new BytePairSettings(
            model.TryGetProperty("unk_token", out var unknown) ? unknown.GetString() : null,
            TokenizerParts.Flag(model, "fuse_unk", false),
            TokenizerParts.Flag(model, "byte_fallback", false),
            TokenizerParts.Flag(model, "ignore_merges", false),
            model.TryGetProperty("continuing_subword_prefix", out var prefix) ? prefix.GetString() ?? "" : "",
            model.TryGetProperty("end_of_word_suffix", out var suffix) ? suffix.GetString() ?? "" : "");
        if (settings is { ByteFallback: true } and not { Prefix: "", Suffix: "" })
            throw parts.Unknown("model", "BPE with byte_fallback and affixes");
        return new BytePairModel(file.Vocabulary, file.Merges, settings, byteLevel, controls);
    }
}
