using BatchInference.Models.Tokens;
using BatchInference.Testing;
using CsCheck;

namespace BatchInference.Models.Tests.Tokens;

/// <summary>What holds for every text, however broken, with a tokenizer of each kind.</summary>
public sealed class TokenizerPropertyTests
{
    // Lone surrogates, marks, blanks, controls, ligatures and what looks like tokens, among any other characters.
    private const string Hard = "\uD83D\uDE00\u0301\u0323\u200D\r\n \0▁Ġ</s>éß'ſﬁ한각각𝔘#[MASK]<|im_end|>";

    private static readonly Gen<string> Texts = Gen.OneOf(Gen.Char, Gen.Int[0, Hard.Length - 1].Select(at => Hard[at]), Gen.Char['a', 'z']).Array[0, 80].Select(units => new string(units));

    public static TheoryData<string> Kinds =>
    [
        "models/bert", "models/camembert", "models/deberta-v2", "models/gemma2", "models/llama", "models/marian", "models/mistral", "models/modernbert", "models/qwen2", "models/roberta", "models/t5",
        "tokenizers/albert", "tokenizers/deepseek-v3", "tokenizers/llama2-nonlegacy", "tokenizers/o200k", "tokenizers/phi3", "tokenizers/starcoder",
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void NoTextFailsAndRangesLieInTheTextInItsOrder(string kind)
    {
        var tokenizer = Load(kind);
        Texts.Sample(text =>
        {
            var tokens = new TokenBuffer();
            foreach (var controls in new[] { false, true })
            {
                tokenizer.Encode(text, tokens, controls);
                var before = 0;
                foreach (var range in tokens.Offsets)
                {
                    (range.Start >= before && range.Length >= 0 && range.End <= text.Length).ShouldBeTrue($"{range} behind {before}");
                    before = range.Start;
                }

                tokenizer.Decode(tokens.Ids, skipSpecialTokens: false).ShouldNotBeNull();
            }
        }, iter: 400);
    }

    [Theory]
    [InlineData("models/llama")]
    [InlineData("models/roberta")]
    [InlineData("tokenizers/o200k")]
    [InlineData("tokenizers/deepseek-v3")]
    public void BytesComeBackAsTheTextThatTheyWere(string kind)
    {
        var tokenizer = Load(kind);
        // Clean-up takes spaces before punctuation away on purpose: it is the models' own wish, and off in all but one of these.
        Texts.Select(text => string.Concat(text.EnumerateRunes()).Replace(" ", "", StringComparison.Ordinal)).Sample(text =>
        {
            var tokens = new TokenBuffer();
            tokenizer.Encode(text, tokens);
            tokenizer.Decode(tokens.Ids, skipSpecialTokens: false).ShouldBe(text);
        }, iter: 400);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AWordIsReadTheSameWhetherItIsKnownOrNot(string kind)
    {
        var (fresh, used) = (Load(kind), Load(kind));
        var (first, second) = (new TokenBuffer(), new TokenBuffer());
        Texts.Sample(text =>
        {
            used.Encode(text, first);
            used.Encode(text, first);
            fresh.Encode(text, second);
            first.Ids.ToArray().ShouldBe(second.Ids.ToArray());
            first.Offsets.ToArray().ShouldBe(second.Offsets.ToArray());
        }, iter: 100, threads: 1);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ALongWordIsReadToItsEnd(string kind)
    {
        var tokenizer = Load(kind);
        var tokens = new TokenBuffer();
        foreach (var text in new[] { new string('x', 300_000), $"a{new string('\u0301', 300_000)} b", new string(' ', 300_000) + "x", string.Concat(Enumerable.Repeat("\r\n \t", 75_000)) + "x", string.Concat(Enumerable.Repeat("東京", 150_000)) })
        {
            tokenizer.Encode(text, tokens);
            tokens.Offsets[^1].End.ShouldBe(text.Length);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ATextThatLooksLikeControlTokensNeverGivesOne(string kind)
    {
        var tokenizer = Load(kind);
        var tokens = new TokenBuffer();
        var unknown = tokenizer.IdOf("<unk>") ?? tokenizer.IdOf("[UNK]");
        foreach (var token in new[] { "<s>", "</s>", "<pad>", "<mask>", "[CLS]", "[SEP]", "[MASK]", "<bos>", "<start_of_turn>", "<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<｜User｜>", "<extra_id_0>", "<|assistant|>" })
        {
            if (tokenizer.IdOf(token) is not { } id || id == unknown)
                continue;
            tokenizer.Encode($"{token} a{token}b {token}{token}", tokens);
            tokens.Ids.ToArray().ShouldNotContain(id, token);
        }
    }

    private static Tokenizer Load(string kind) => Tokenizer.Load(Repository.At($"tests/fixtures/{kind}"));
}
