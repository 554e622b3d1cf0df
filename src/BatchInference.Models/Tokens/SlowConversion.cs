using BatchInference.Models.Tokens.Decoding;
using BatchInference.Models.Tokens.Normalization;
using BatchInference.Models.Tokens.Patterns;
using BatchInference.Models.Tokens.PreTokenization;

namespace BatchInference.Models.Tokens;

/// <summary>
/// Where <c>tokenizer_config.json</c> sets <c>add_prefix_space</c> for Llama and T5, transformers does not read <c>tokenizer.json</c> but converts the SentencePiece model again.
/// The pieces are the same then; only what stands round the model follows from the configuration.
/// </summary>
internal static class SlowConversion
{
    private const char Space = '▁';

    /// <summary>Gives a design the parts that a conversion would give it; the same design where there is none.</summary>
    public static TokenizerDesign Apply(TokenizerDesign design, TokenizerConfig config) => (config.Class, config.Flag("add_prefix_space")) switch
    {
        ("LlamaTokenizer" or "CodeLlamaTokenizer", { } prefix) => Llama(design, prefix, config.Flag("legacy") ?? true),
        ("T5Tokenizer", { } prefix) => T5(design, prefix, config.Flag("legacy") ?? true),
        _ => design,
    };

    private static TokenizerDesign Llama(TokenizerDesign design, bool prefix, bool legacy)
    {
        var spaces = new ReplaceNormalizer(TextPattern.Of(" "), Space.ToString());
        List<TokenDecoder> decoders = [new ReplaceDecoder(TextPattern.Of(Space.ToString()), " "), new ByteFallbackDecoder(), new FuseDecoder()];
        if (prefix)
            decoders.Add(new StripDecoder(' ', 1, 0));
        return design with
        {
            Normalizer = !legacy ? null : prefix ? new NormalizerSequence([new PrependNormalizer(Space.ToString()), spaces]) : spaces,
            PreTokenizer = legacy ? null : new MetaspacePreTokenizer(Space, prefix ? PrependScheme.First : PrependScheme.Never, split: false),
            Decoder = new DecoderSequence(decoders),
        };
    }

    private static TokenizerDesign T5(TokenizerDesign design, bool prefix, bool legacy)
    {
        var scheme = !prefix ? PrependScheme.Never : legacy ? PrependScheme.Always : PrependScheme.First;
        List<Normalizer> normalizers = [new StripNormalizer(left: false, right: true), new ReplaceNormalizer(TextPattern.Parse(" {2,}"), Space.ToString())];
        if (Charsmap(design.Normalizer) is { } map)
            normalizers.Insert(0, map);
        return design with
        {
            Normalizer = new NormalizerSequence(normalizers),
            PreTokenizer = new MetaspacePreTokenizer(Space, scheme, split: true),
            Decoder = new MetaspaceDecoder(Space, prefix),
        };
    }

    private static PrecompiledNormalizer? Charsmap(Normalizer? normalizer) => normalizer switch
    {
        PrecompiledNormalizer map => map,
        NormalizerSequence sequence => sequence.Steps.Select(Charsmap).FirstOrDefault(map => map is not null),
        _ => null,
    };
}
