using System.Text.Json;
using System.Text.RegularExpressions;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tokens.Decoding;
using BatchInference.Models.Tokens.Normalization;
using BatchInference.Models.Tokens.PostProcessing;
using BatchInference.Models.Tokens.PreTokenization;

namespace BatchInference.Models.Tokens;

/// <summary>Makes the parts of a tokenizer as <c>tokenizer.json</c> names them. What is not known is refused by name: a near guess would give other tokens without anybody seeing it.</summary>
internal sealed class TokenizerParts(string path)
{
    public Normalizer? Normalizer(JsonElement part) => TypeOf(part) switch
    {
        null => null,
        "Sequence" => new NormalizerSequence([.. part.GetProperty("normalizers").EnumerateArray().Select(Normalizer).OfType<Normalizer>()]),
        "Precompiled" => part.GetProperty("precompiled_charsmap") is { ValueKind: JsonValueKind.String } map ? new PrecompiledNormalizer(new CharsMap(map.GetBytesFromBase64())) : null,
        "Replace" => new ReplaceNormalizer(Pattern(part.GetProperty("pattern")), part.GetProperty("content").GetString()!),
        "Strip" => new StripNormalizer(part.GetProperty("strip_left").GetBoolean(), part.GetProperty("strip_right").GetBoolean()),
        var type => throw Unknown("normalizer", type),
    };

    public PreTokenizer? PreTokenizer(JsonElement part) => TypeOf(part) switch
    {
        null => null,
        "Sequence" => new PreTokenizerSequence([.. part.GetProperty("pretokenizers").EnumerateArray().Select(PreTokenizer).OfType<PreTokenizer>()]),
        "WhitespaceSplit" => new WhitespaceSplitPreTokenizer(),
        "Metaspace" => new MetaspacePreTokenizer(Letter(part), Scheme(part), !part.TryGetProperty("split", out var split) || split.GetBoolean()),
        var type => throw Unknown("pre-tokenizer", type),
    };

    public PostProcessor PostProcessor(JsonElement part) => TypeOf(part) switch
    {
        null => TemplatePostProcessor.Bare,
        "TemplateProcessing" => new TemplatePostProcessor(Template(part, "single"), Template(part, "pair")),
        var type => throw Unknown("post-processor", type),
    };

    public TokenDecoder? Decoder(JsonElement part) => TypeOf(part) switch
    {
        null => null,
        "Metaspace" => new MetaspaceDecoder(Letter(part), Scheme(part) != PrependScheme.Never),
        var type => throw Unknown("decoder", type),
    };

    public ModelException Unknown(string kind, string type) =>
        new($"{path}: the {kind} \"{type}\" is not known to this program, and without it the tokens would be wrong. Use a model with another tokenizer.");

    private static string? TypeOf(JsonElement part) => part.ValueKind == JsonValueKind.Object ? part.GetProperty("type").GetString() : null;

    private static char Letter(JsonElement part) => part.GetProperty("replacement").GetString()![0];

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
        return !part.TryGetProperty("add_prefix_space", out var prefix) || prefix.GetBoolean() ? PrependScheme.Always : PrependScheme.Never;
    }

    // Without backtracking no text can make a search slow.
    private Regex Pattern(JsonElement pattern)
    {
        var text = pattern.TryGetProperty("String", out var plain) ? Regex.Escape(plain.GetString()!) : pattern.GetProperty("Regex").GetString()!;
        try
        {
            return new Regex(text, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception cause) when (cause is ArgumentException or NotSupportedException)
        {
            throw Unknown("pattern", text);
        }
    }

    private static IReadOnlyList<TemplatePart> Template(JsonElement part, string name)
    {
        var special = part.GetProperty("special_tokens");
        return [.. part.GetProperty(name).EnumerateArray().Select(piece => piece.TryGetProperty("Sequence", out var text)
            ? new TemplatePart(text.GetProperty("id").GetString() == "A" ? 0 : 1, [], text.GetProperty("type_id").GetInt32())
            : Fixed(piece.GetProperty("SpecialToken"), special))];
    }

    private static TemplatePart Fixed(JsonElement token, JsonElement special) =>
        new(-1, [.. special.GetProperty(token.GetProperty("id").GetString()!).GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())], token.GetProperty("type_id").GetInt32());
}
