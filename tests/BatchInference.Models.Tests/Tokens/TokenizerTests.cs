using System.Text.Json;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tokens;
using BatchInference.Testing;
using CsCheck;

namespace BatchInference.Models.Tests.Tokens;

public sealed class TokenizerTests
{
    private static readonly Tokenizer Embedded = Tokenizer.Load(Repository.At("config/models/multilingual-e5-small"));

    [Fact]
    public void TheEmbeddedModelGivesTheTokensOfTheReference()
    {
        using var cases = JsonDocument.Parse(File.ReadAllBytes(Repository.At("tests/fixtures/multilingual-e5-small/tokens.json")));
        var wrong = new List<string>();
        foreach (var golden in cases.RootElement.EnumerateArray())
        {
            var text = golden.GetProperty("text").GetString()!;
            var row = Embedded.EncodeWithTemplate(text, recognizeSpecialTokens: true);
            var found = string.Join(' ', row.Ids.Zip(row.Offsets.Select(range => CodePoints(text, range))));
            var expected = string.Join(' ', golden.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())
                .Zip(golden.GetProperty("offsets").EnumerateArray().Select(range => (range[0].GetInt32(), range[1].GetInt32()))));
            if (found != expected)
                wrong.Add($"{JsonSerializer.Serialize(text)}\n  found    {found}\n  expected {expected}");
        }

        cases.RootElement.GetArrayLength().ShouldBe(520);
        wrong.ShouldBeEmpty($"{wrong.Count} of 520 differ");
    }

    [Fact]
    public void ControlTokensInADocumentAreOrdinaryText()
    {
        var tokens = new TokenBuffer();
        foreach (var text in new[] { "<s>", "</s>", "a</s>b", "<pad> <mask>", "＜/s＞", "▁<unk>", "<s></s><pad><mask>" })
        {
            Embedded.Encode(text, tokens);
            tokens.Ids.ToArray().ShouldNotContain(id => id == 0 || id == 1 || id == 2 || id == 250001, text);
        }
    }

    [Fact]
    public void NoTextMakesItFailAndEveryOffsetLiesInTheText()
    {
        // Lone surrogates, combining marks, controls and blanks among ordinary letters.
        const string Hard = "\uD83D\uDE00\u0301\u200D\r\n \0▁</s>é";
        var letters = Gen.OneOf(Gen.Char, Gen.Int[0, Hard.Length - 1].Select(at => Hard[at]));
        letters.Array[0, 60].Select(units => new string(units)).Sample(text =>
        {
            var tokens = new TokenBuffer();
            foreach (var controls in new[] { false, true })
            {
                Embedded.Encode(text, tokens, controls);
                foreach (var range in tokens.Offsets)
                    (range.Start >= 0 && range.Length >= 0 && range.End <= text.Length).ShouldBeTrue();
            }
        }, iter: 2000);
    }

    [Fact]
    public void AWordOfAMillionLettersIsReadToItsEnd()
    {
        var tokens = new TokenBuffer();
        Embedded.Encode(new string('x', 1_000_000), tokens);
        tokens.Offsets[^1].End.ShouldBe(1_000_000);
        Embedded.Encode("a" + new string('\u0301', 1_000_000), tokens);
        tokens.Count.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void TheTokensOfATextGiveTheTextAgain()
    {
        var row = Embedded.EncodeWithTemplate("Le conseil municipal s'est réuni.");
        Embedded.Decode(row.Ids, skipSpecialTokens: true).ShouldBe("Le conseil municipal s'est réuni.");
        Embedded.Decode(row.Ids, skipSpecialTokens: false).ShouldBe("<s> Le conseil municipal s'est réuni.</s>");
        Embedded.VocabularySize.ShouldBe(250002);
        Embedded.IdOf("</s>").ShouldBe(2);
        Embedded.TokenOf(2).ShouldBe("</s>");
    }

    [Fact]
    public void AnUnknownPartIsRefusedByName()
    {
        using var folder = new TempFolder();
        File.WriteAllText(Path.Combine(folder.Path, "tokenizer.json"), """
            {"added_tokens":[],"normalizer":{"type":"Bewitch"},"pre_tokenizer":null,"post_processor":null,"decoder":null,"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0]]}}
            """);
        Should.Throw<ModelException>(() => Tokenizer.Load(folder.Path)).Message.ShouldContain("the normalizer \"Bewitch\" is not known");
    }

    private static (int, int) CodePoints(string text, TextRange range) => (Count(text.AsSpan(0, range.Start)), Count(text.AsSpan(0, range.End)));

    private static int Count(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
            count++;
        return count;
    }
}
