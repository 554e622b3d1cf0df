using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BatchInference.Models.Tokens;
using BatchInference.Models.Tokens.Patterns;
using BatchInference.Testing;
using CsCheck;

namespace BatchInference.Models.Tests.Tokens;

/// <summary>Patterns against those of .NET, which backtracks, and on texts that are meant to make them slow.</summary>
public sealed class TextPatternTests
{
    private static readonly string[] Parts = ["a", "b", "ab", "aab", " ", "\n", " \n", "1", "😀", "a😀"];

    // Runs longer than the places at which a search looks at itself, of what the patterns tell apart.
    private static readonly Gen<string> Texts =
        Gen.Select(Gen.Int[0, Parts.Length - 1], Gen.OneOf(Gen.Int[1, 4], Gen.Int[1, 300])).Select((part, times) => string.Concat(Enumerable.Repeat(Parts[part], times))).Array[1, 8].Select(string.Concat);

    public static TheoryData<string> Patterns =>
    [
        @"\s+$", @"\s+(?!\S)|\s+", "a.*b|a", "(?:ab)+$", "(?:aab|aba)*1|a", "a{2,90}b", "(?:a{3})+b", "(?:aa|aab)+1|a+?b", "ba*|a+1", " {2,}", @"\s*[\r\n]+|\s+(?!\S)|\s+", @"[^a]+1|b", @"(?:.|\n)*1|(?:😀)+", @".+\z",
    ];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void TheMatchesAreThoseOfBacktracking(string pattern)
    {
        var (own, reference) = (TextPattern.Parse(pattern), new Regex(pattern, RegexOptions.Multiline | RegexOptions.CultureInvariant));
        Texts.Sample(text =>
        {
            var found = new List<(int, int)>();
            var search = own.In(text);
            for (var at = 0; search.Next(at) is { Length: > 0 } match; at = match.End)
                found.Add((match.Start, match.Length));
            found.ShouldBe(reference.Matches(text).Select(match => (match.Index, match.Length)));
        }, iter: 150);
    }

    [Theory]
    [InlineData(@"\s+$", " ", 0)]
    [InlineData("(?:  )+$", " ", 0)]
    [InlineData("(?: {7})+a", " ", 0)]
    [InlineData("b.*c|b", "b", 1_000_000)]
    [InlineData("😀+a", "😀", 0)]
    public void ALongRunIsNotReadAgainFromEachOfItsCharacters(string pattern, string part, int matches)
    {
        var text = $"a{string.Concat(Enumerable.Repeat(part, 1_000_000))}1";
        var search = TextPattern.Parse(pattern).In(text);
        var found = 0;

        for (var at = 0; search.Next(at) is { Length: > 0 } match; at = match.End)
            found++;

        found.ShouldBe(matches);
    }

    [Fact]
    public void AMillionBlanksAreTokenisedWithThePatternsOfDeepSeek()
    {
        using var state = new TempFolder();
        var folder = BrokenModel.Copy("llama", state["model"]);
        BrokenModel.Edit(folder, "tokenizer.json", tokenizer => tokenizer["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"] = new JsonObject { ["Regex"] = @"\s+$" });
        var tokens = new TokenBuffer();

        Tokenizer.Load(folder).Encode($"a{new string(' ', 1_000_000)}1", tokens);

        tokens.Offsets[^1].End.ShouldBe(1_000_002);
    }
}
