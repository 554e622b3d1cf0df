using System.Text.Json.Nodes;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tokens;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Tokens;

/// <summary>Files that no program should have written: each is refused with its reason, none crashes or is half understood.</summary>
public sealed class DamagedTokenizerTests
{
    public static TheoryData<string, string> Damages => new()
    {
        { "model.vocab.the=-1", "the id -1 of a token is out of range" },
        { "model.vocab.the=2000000000", "the id 2000000000 of a token is out of range" },
        { "model.vocab.the=\"7\"", "an entry of the vocabulary" },
        { "model.vocab=7", "the vocabulary" },
        { "model.merges=[\"q z\"]", "merge 0 names the token" },
        { "model.merges=[\"a b c\"]", "merge 0" },
        { "model.merges=[[\"a\"]]", "merge 0" },
        { "model.merges={}", "the list of merges" },
        { "model.dropout=0.1", "BPE with dropout" },
        { "model.type=\"Bewitch\"", "the model \"Bewitch\" is not known" },
        { "model=null", "cannot be read as a tokenizer" },
        { "normalizer={\"type\":\"Bewitch\"}", "the normalizer \"Bewitch\" is not known" },
        { "normalizer={\"type\":\"Sequence\",\"normalizers\":7}", "cannot be read as a tokenizer" },
        { "normalizer=[]", "expected an object" },
        { "pre_tokenizer={\"type\":\"UnicodeScripts\"}", "the pre-tokenizer \"UnicodeScripts\" is not known" },
        { "pre_tokenizer={\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a)\\\\1\"},\"behavior\":\"Isolated\",\"invert\":false}", "the pattern" },
        { "pre_tokenizer={\"type\":\"Split\",\"pattern\":{\"Regex\":\"(?<=a)b\"},\"behavior\":\"Isolated\",\"invert\":false}", "the pattern" },
        { "pre_tokenizer={\"type\":\"Split\",\"pattern\":{\"Regex\":\"[a\"},\"behavior\":\"Isolated\",\"invert\":false}", "a set without end" },
        { "pre_tokenizer={\"type\":\"Split\",\"pattern\":{\"Regex\":\"((a{1,99}){1,99}){1,99}\"},\"behavior\":\"Isolated\",\"invert\":false}", "more than 2000 steps" },
        { "pre_tokenizer={\"type\":\"Split\",\"pattern\":{\"Regex\":\"(?:(?:){2147483647}){2147483647}\"},\"behavior\":\"Isolated\",\"invert\":false}", "more than 100000 repetitions" },
        { "pre_tokenizer={\"type\":\"Split\",\"pattern\":{\"Regex\":\"a*\"},\"behavior\":\"Isolated\",\"invert\":false}", "the empty text matches" },
        { "pre_tokenizer={\"type\":\"Split\",\"pattern\":{\"String\":\"a\"},\"behavior\":\"Bewitched\",\"invert\":false}", "the behavior \"Bewitched\" is not known" },
        { "post_processor={\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"x\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}}", "cannot be read as a tokenizer" },
        { "decoder={\"type\":\"CTC\"}", "the decoder \"CTC\" is not known" },
        { "added_tokens=[{\"id\":0}]", "cannot be read as a tokenizer" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void ADamagedFileIsRefusedWithItsReason(string damage, string reason)
    {
        var json = JsonNode.Parse(File.ReadAllText(Repository.At("tests/fixtures/tokenizers/starcoder/tokenizer.json")))!.AsObject();
        var (path, value) = (damage[..damage.IndexOf('=', StringComparison.Ordinal)].Split('.'), JsonNode.Parse(damage[(damage.IndexOf('=', StringComparison.Ordinal) + 1)..]));
        var parent = json;
        foreach (var name in path[..^1])
            parent = parent[name]!.AsObject();
        parent[path[^1]] = value;
        Refusal(json.ToJsonString()).ShouldContain(reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"\\ud800\":1},\"merges\":[]}}")]
    public void AFileThatIsNoTokenizerIsRefused(string content) => Refusal(content).ShouldContain("cannot be read as a tokenizer");

    [Fact]
    public void PartsNestedWithoutEndAreRefused()
    {
        var nested = string.Concat(Enumerable.Repeat("{\"type\":\"Sequence\",\"normalizers\":[", 5000)) + string.Concat(Enumerable.Repeat("]}", 5000));
        Refusal($$$"""{"normalizer":{{{nested}}},"model":{"type":"BPE","vocab":{},"merges":[]}}""").ShouldContain("cannot be read as a tokenizer");
    }

    [Fact]
    public void EveryCutOfAFileIsRefused()
    {
        var whole = File.ReadAllText(Repository.At("tests/fixtures/models/bert/tokenizer.json"));
        for (var length = 0; length < whole.Length - 2; length += 997)
            Refusal(whole[..length]).ShouldNotBeEmpty();
    }

    private static string Refusal(string content)
    {
        using var folder = new TempFolder();
        File.WriteAllText(Path.Combine(folder.Path, "tokenizer.json"), content);
        return Should.Throw<ModelException>(() => Tokenizer.Load(folder.Path)).Message;
    }
}
