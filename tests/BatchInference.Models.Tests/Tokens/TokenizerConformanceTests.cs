using System.Text.Json;
using BatchInference.Models.Tokens;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Tokens;

/// <summary>Every string of the fixtures with every tokenizer, against what Hugging Face gives for it.</summary>
public sealed class TokenizerConformanceTests
{
    private static readonly JsonElement Strings = Json("tests/fixtures/strings.json");

    public static TheoryData<string> Folders()
    {
        var folders = new TheoryData<string>();
        foreach (var parent in new[] { "models", "tokenizers" })
            foreach (var folder in Directory.GetDirectories(Repository.At($"tests/fixtures/{parent}")).Order(StringComparer.Ordinal))
                if (Json(Path.Combine(folder, "expected.json")).TryGetProperty("tokenization", out _))
                    folders.Add($"{parent}/{Path.GetFileName(folder)}");
        return folders;
    }

    [Fact]
    public void EveryFolderWithGoldenTokensIsWalked() => Folders().Count.ShouldBe(32);

    [Theory]
    [MemberData(nameof(Folders))]
    public void EveryStringHasTheTokensOfTheReference(string folder)
    {
        var check = new GoldenTokens(Tokenizer.Load(Repository.At($"tests/fixtures/{folder}")), Json($"tests/fixtures/{folder}/expected.json").GetProperty("tokenization"), Strings);
        check.All();
        check.Compared.ShouldBeGreaterThan(290);
        check.Differences.ShouldBeEmpty($"{check.Differences.Count} of {check.Compared} differ");
    }

    private static JsonElement Json(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Repository.At(path)));
        return document.RootElement.Clone();
    }
}
