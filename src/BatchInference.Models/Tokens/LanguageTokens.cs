using BatchInference.Models.Onnx;
using BatchInference.Models.Tokens.PostProcessing;

namespace BatchInference.Models.Tokens;

/// <summary>The rows of tokenizer classes that put their own tokens round a text, whatever <c>tokenizer.json</c> says.</summary>
internal static class LanguageTokens
{
    /// <summary>Gives a design the post-processor of its class.</summary>
    /// <exception cref="ModelException">A language that the configuration names has no token.</exception>
    public static TokenizerDesign Apply(TokenizerDesign design, TokenizerConfig config, AddedTokenList added)
    {
        int Id(string token) => added.IdOf(token) ?? throw new ModelException($"tokenizer_config.json: expected a token of the vocabulary, found `{token}`. Restore the file from where the model came.");
        switch (config.Class)
        {
            case "MBart50Tokenizer":
                return Both(design, language => [Id(language)], _ => [Id("</s>")], config);
            case "MBartTokenizer":
                return Both(design, _ => [], language => [Id("</s>"), Id(language)], config);
            case "LlamaTokenizer" or "CodeLlamaTokenizer" or "GemmaTokenizer":
                var head = config.Flag("add_bos_token") ?? true ? config.Text("bos_token") : null;
                var tail = config.Flag("add_eos_token") ?? false ? config.Text("eos_token") : null;
                return design with { PostProcessor = Conversation(head is null ? [] : [Id(head)], tail is null ? [] : [Id(tail)]) };
            default:
                return design;
        }
    }

    private static TokenizerDesign Both(TokenizerDesign design, Func<string, int[]> head, Func<string, int[]> tail, TokenizerConfig config)
    {
        PostProcessor For(string language) => Joined(head(language), tail(language));
        var source = config.Text("src_lang") ?? "en_XX";
        var target = config.Text("tgt_lang");
        return design with
        {
            PostProcessor = For(source),
            Target = target is null ? null : design with { PostProcessor = For(target) },
        };
    }

    // Both texts of a pair between one head and one tail.
    private static PostProcessor Joined(int[] head, int[] tail) => new(
        [new TemplatePart(-1, head, 0), new TemplatePart(0, [], 0), new TemplatePart(-1, tail, 0)],
        [new TemplatePart(-1, head, 0), new TemplatePart(0, [], 0), new TemplatePart(1, [], 0), new TemplatePart(-1, tail, 0)]);

    // Each text of a pair with its own head and tail.
    private static PostProcessor Conversation(int[] head, int[] tail) => new(
        [new TemplatePart(-1, head, 0), new TemplatePart(0, [], 0), new TemplatePart(-1, tail, 0)],
        [new TemplatePart(-1, head, 0), new TemplatePart(0, [], 0), new TemplatePart(-1, tail, 0), new TemplatePart(-1, head, 1), new TemplatePart(1, [], 1), new TemplatePart(-1, tail, 1)]);
}
