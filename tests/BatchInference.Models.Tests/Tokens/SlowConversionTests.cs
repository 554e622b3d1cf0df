using System.Text.Json;
using System.Text.Json.Nodes;
using BatchInference.Models.Tokens;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Tokens;

/// <summary>Folders whose tokenizer.json transformers does not read because of their configuration.</summary>
public sealed class SlowConversionTests
{
    [Fact]
    public void ALegacyLlamaWhoseConfigurationIsNotLegacyHasTheTokensOfOneThatIsNot()
    {
        using var folder = new TempFolder();
        File.Copy(Repository.At("tests/fixtures/models/mistral/tokenizer.json"), Path.Combine(folder.Path, "tokenizer.json"));
        var config = JsonNode.Parse(File.ReadAllText(Repository.At("tests/fixtures/models/mistral/tokenizer_config.json")))!;
        (config["legacy"], config["add_prefix_space"]) = (false, true);
        File.WriteAllText(Path.Combine(folder.Path, "tokenizer_config.json"), config.ToJsonString());
        var check = new GoldenTokens(Tokenizer.Load(folder.Path), Json("tests/fixtures/tokenizers/llama2-nonlegacy/expected.json").GetProperty("tokenization"), Json("tests/fixtures/strings.json"));
        check.All();
        check.Compared.ShouldBeGreaterThan(290);
        check.Differences.ShouldBeEmpty();
    }

    private static JsonElement Json(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Repository.At(path)));
        return document.RootElement.Clone();
    }
}
