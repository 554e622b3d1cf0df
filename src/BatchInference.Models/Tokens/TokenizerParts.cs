using System.Text.Json;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tokens.Decoding;
using BatchInference.Models.Tokens.Normalization;
using BatchInference.Models.Tokens.Patterns;
using BatchInference.Models.Tokens.PostProcessing;
using BatchInference.Models.Tokens.PreTokenization;

namespace BatchInference.Models.Tokens;

/// <summary>Makes the parts of a tokenizer as <c>tokenizer.json</c> names them. What is not known is refused by name: a near guess would give other tokens without anybody seeing it.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="config">What transformers changes in some parts.</param>
internal sealed class TokenizerParts(string path, TokenizerConfig config)
{
    public Normalizer? Normalizer(JsonElement part) => TypeOf(part) switch
    {
        null => null,
        "Sequence" => new NormalizerSequence([.. part.GetProperty("normalizers").EnumerateArray().Select(Normalizer).OfType<Normalizer>()]),
        "Precompiled" => part.GetProperty("precompiled_charsmap") is { ValueKind: JsonValueKind.String } map ? new PrecompiledNormalizer(new CharsMap(map.GetBytesFromBase64())) : null,
        "Replace" => Pattern(part.GetProperty("pattern")) is { } pattern ? new ReplaceNormalizer(pattern, Text(part, "content")) : null,
        "Strip" => new StripNormalizer(part.GetProperty("strip_left").GetBoolean(), part.GetProperty("strip_right").GetBoolean()),
        "NFC" => new UnicodeNormalizer(UnicodeForm.Nfc),
        "NFD" => new UnicodeNormalizer(UnicodeForm.Nfd),
        "NFKC" => new UnicodeNormalizer(UnicodeForm.Nfkc),
        "NFKD" => new UnicodeNormalizer(UnicodeForm.Nfkd),
        "Lowercase" => new LowercaseNormalizer(),
        "StripAccents" => new StripAccentsNormalizer(onlyNonSpacing: false),
        "Nmt" => new NmtNormalizer(),
        "Prepend" => new PrependNormalizer(Text(part, "prepend")),
        "ByteLevel" => new ByteLettersNormalizer(),
        "BertNormalizer" => Bert(part),
        var type => throw Unknown("normalizer", type),
    };

    public PreTokenizer? PreTokenizer(JsonElement part, bool modelReadsBytes) => TypeOf(part) switch
    {
        null => null,
        "Sequence" => Sequence([.. part.GetProperty("pretokenizers").EnumerateArray()], modelReadsBytes),
        "BertPreTokenizer" => new BertPreTokenizer(),
        "Whitespace" => SplitPreTokenizer.Whitespace(),
        "WhitespaceSplit" => new WhitespaceSplitPreTokenizer(),
        "CharDelimiterSplit" => new SplitPreTokenizer(Literal(Text(part, "delimiter")), SplitBehavior.Removed, invert: false),
        "Digits" => new SplitPreTokenizer(TextPattern.Of(RuneSet.Of("N")), Flag(part, "individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous, invert: false),
        "Punctuation" => new SplitPreTokenizer(TextPattern.Of(RuneSet.Where(OldCategories.IsPunctuation)), part.TryGetProperty("behavior", out var behavior) ? Behavior(behavior) : SplitBehavior.Isolated, invert: false),
        "Split" => new SplitPreTokenizer(Pattern(part.GetProperty("pattern")), Behavior(part.GetProperty("behavior")), part.GetProperty("invert").GetBoolean()),
        "Metaspace" => new MetaspacePreTokenizer(Letter(part), Scheme(part), Flag(part, "split", true)),
        "ByteLevel" => ByteLevel(part, Flag(part, "add_prefix_space", true), modelReadsBytes),
        var type => throw Unknown("pre-tokenizer", type),
    };

    /// <summary>The outermost pre-tokenizer. Transformers overrides its <c>add_prefix_space</c>, but not within a sequence.</summary>
    public PreTokenizer? OuterPreTokenizer(JsonElement part, bool modelReadsBytes) => TypeOf(part) == "ByteLevel" && config.Exists
        ? ByteLevel(part, config.Flag("add_prefix_space") ?? false, modelReadsBytes)
        : PreTokenizer(part, modelReadsBytes);

    /// <summary>Whether the last step writes bytes as letters.</summary>
    public static bool EndsInBytes(JsonElement preTokenizer) => TypeOf(preTokenizer) switch
    {
        "ByteLevel" => true,
        "Sequence" => preTokenizer.GetProperty("pretokenizers").EnumerateArray().LastOrDefault() is { ValueKind: JsonValueKind.Object } last && EndsInBytes(last),
        _ => false,
    };

    public PostProcessor PostProcessor(JsonElement part)
    {
        switch (TypeOf(part))
        {
            case null:
                return PostProcessing.PostProcessor.Bare();
            case "TemplateProcessing":
                return new PostProcessor(Template(part, "single"), Template(part, "pair"));
            case "BertProcessing":
                return PostProcessing.PostProcessor.Bert(part.GetProperty("cls")[1].GetInt32(), part.GetProperty("sep")[1].GetInt32());
            case "RobertaProcessing":
                var prefixed = config.Exists ? config.Flag("add_prefix_space") ?? false : Flag(part, "add_prefix_space", true);
                var trims = config.Exists ? config.Flag("trim_offsets") ?? true : Flag(part, "trim_offsets", true);
                return PostProcessing.PostProcessor.Roberta(part.GetProperty("cls")[1].GetInt32(), part.GetProperty("sep")[1].GetInt32(), trims ? [new RangeTrim(prefixed)] : []);
            case "ByteLevel":
                return PostProcessing.PostProcessor.Bare(Flag(part, "trim_offsets", true) ? [new RangeTrim(Flag(part, "add_prefix_space", true))] : []);
            case "Sequence":
                return part.GetProperty("processors").EnumerateArray().Select(PostProcessor).Aggregate(PostProcessing.PostProcessor.Bare(), Joined);
            case var type:
                throw Unknown("post-processor", type);
        }
    }

    public TokenDecoder? Decoder(JsonElement part) => TypeOf(part) switch
    {
        null => null,
        "Sequence" => new DecoderSequence([.. part.GetProperty("decoders").EnumerateArray().Select(Decoder).OfType<TokenDecoder>()]),
        "ByteLevel" => new ByteLevelDecoder(),
        "WordPiece" => new WordPieceDecoder(Text(part, "prefix"), Flag(part, "cleanup", true)),
        "Metaspace" => new MetaspaceDecoder(Letter(part), Scheme(part) != PrependScheme.Never),
        "BPEDecoder" => new WordSuffixDecoder(Text(part, "suffix")),
        "ByteFallback" => new ByteFallbackDecoder(),
        "Fuse" => new FuseDecoder(),
        "Strip" => new StripDecoder(Text(part, "content") is [var letter] ? letter : throw Unknown("Strip", Text(part, "content")), part.GetProperty("start").GetInt32(), part.GetProperty("stop").GetInt32()),
        "Replace" => Pattern(part.GetProperty("pattern")) is { } pattern ? new ReplaceDecoder(pattern, Text(part, "content")) : null,
        var type => throw Unknown("decoder", type),
    };

    public ModelException Unknown(string kind, string type) =>
        new($"{path}: the {kind} \"{type}\" is not known to this program, and without it the tokens would be wrong. Use a model with another tokenizer.");

    public static string? TypeOf(JsonElement part) => part.ValueKind switch
    {
        JsonValueKind.Object => part.GetProperty("type").GetString(),
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        _ => throw new InvalidDataException($"a part is written as {part.ValueKind}, expected an object."),
    };

    public static bool Flag(JsonElement part, string name, bool otherwise) => part.TryGetProperty(name, out var flag) && flag.ValueKind != JsonValueKind.Null ? flag.GetBoolean() : otherwise;

    public static string Text(JsonElement part, string name) => part.GetProperty(name).GetString() ?? throw new InvalidDataException($"`{name}` is null, expected a text.");

    private static char Letter(JsonElement part) => Text(part, "replacement") is [var letter] ? letter : throw new InvalidDataException("the `replacement` of a Metaspace is no single letter.");

    private NormalizerSequence Bert(JsonElement part)
    {
        // The tokenizer classes of BERT's family set these again from their own configuration, whatever tokenizer.json says.
        var family = config.Class is "BertTokenizer" or "DistilBertTokenizer" or "ElectraTokenizer" or "MPNetTokenizer" or "MobileBertTokenizer" or "LxmertTokenizer" or "FunnelTokenizer" or "SqueezeBertTokenizer" or "LayoutLMTokenizer";
        var lowercase = family ? config.Flag("do_lower_case") ?? true : Flag(part, "lowercase", true);
        var chinese = family && config.Class != "MPNetTokenizer" ? config.Flag("tokenize_chinese_chars") ?? true : Flag(part, "handle_chinese_chars", true);
        var accents = family ? config.Flag("strip_accents") ?? lowercase : Flag(part, "strip_accents", lowercase);
        var steps = new List<Normalizer>();
        if (Flag(part, "clean_text", true))
            steps.Add(new CleanTextNormalizer());
        if (chinese)
            steps.Add(new ChineseLettersNormalizer());
        if (accents)
            steps.AddRange([new UnicodeNormalizer(UnicodeForm.Nfd), new StripAccentsNormalizer(onlyNonSpacing: true)]);
        if (lowercase)
            steps.Add(new LowercaseNormalizer());
        return new NormalizerSequence(steps);
    }

    private PreTokenizerSequence Sequence(JsonElement[] parts, bool modelReadsBytes)
    {
        var steps = new List<PreTokenizer>();
        for (var at = 0; at < parts.Length; at++)
            if (PreTokenizer(parts[at], modelReadsBytes && at == parts.Length - 1) is { } step)
                steps.Add(step);
        return new PreTokenizerSequence(steps);
    }

    private static ByteLevelPreTokenizer ByteLevel(JsonElement part, bool prefix, bool modelReadsBytes) =>
        new(prefix, Flag(part, "use_regex", true) ? new SplitPreTokenizer(TextPattern.Parse(ByteLevelPreTokenizer.Words), SplitBehavior.Isolated, invert: false) : null, !modelReadsBytes);

    private SplitBehavior Behavior(JsonElement name) => name.GetString() switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "Contiguous" => SplitBehavior.Contiguous,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        var other => throw Unknown("behavior", $"{other}"),
    };

    // Files of before 2024 say add_prefix_space where newer ones have three schemes.
    private PrependScheme Scheme(JsonElement part)
    {
        if (part.TryGetProperty("prepend_scheme", out var scheme))
            return scheme.GetString() switch
            {
                "always" => PrependScheme.Always,
                "first" => PrependScheme.First,
                "never" => PrependScheme.Never,
                var other => throw Unknown("prepend_scheme", $"{other}"),
            };
        return Flag(part, "add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never;
    }

    private TextPattern? Pattern(JsonElement pattern)
    {
        if (pattern.TryGetProperty("String", out var plain))
            return Literal(plain.GetString() ?? "");
        var text = Text(pattern, "Regex");
        try
        {
            return TextPattern.Parse(text);
        }
        catch (FormatException cause)
        {
            throw Unknown("pattern", $"{text}\" (for {cause.Message})".TrimEnd('"'));
        }
    }

    private static TextPattern? Literal(string text) => text.Length == 0 ? null : TextPattern.Of(text);

    private PostProcessor Joined(PostProcessor earlier, PostProcessor later) =>
        earlier.IsBare ? later.Behind(earlier.Trims) : throw Unknown("post-processor", "Sequence that goes on behind a template");

    private static IReadOnlyList<TemplatePart> Template(JsonElement part, string name)
    {
        var special = part.GetProperty("special_tokens");
        return [.. part.GetProperty(name).EnumerateArray().Select(piece => piece.TryGetProperty("Sequence", out var text)
            ? new TemplatePart(text.GetProperty("id").GetString() == "A" ? 0 : 1, [], text.GetProperty("type_id").GetInt32())
            : Fixed(piece.GetProperty("SpecialToken"), special))];
    }

    private static TemplatePart Fixed(JsonElement token, JsonElement special) =>
        new(-1, [.. special.GetProperty(Text(token, "id")).GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())], token.GetProperty("type_id").GetInt32());
}
