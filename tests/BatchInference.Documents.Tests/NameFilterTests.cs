namespace BatchInference.Documents.Tests;

/// <summary>What a pattern of a job takes.</summary>
public sealed class NameFilterTests
{
    [Theory]
    [InlineData("*.pdf", "a.pdf", "2026/a.PDF", "2026/x/a.pdf")]
    [InlineData("**/*.pdf", "a.pdf", "2026/a.PDF", "2026/x/a.pdf")]
    [InlineData("/*.pdf", "a.pdf")]
    [InlineData("./*.pdf", "a.pdf")]
    [InlineData("2026/*", "2026/a.PDF", "2026/b.txt")]
    [InlineData("2026/", "2026/a.PDF", "2026/b.txt", "2026/x/a.pdf")]
    [InlineData("/2026/**", "2026/a.PDF", "2026/b.txt", "2026/x/a.pdf")]
    [InlineData("x/", new string[0])]
    [InlineData("**/x/", "2026/x/a.pdf")]
    [InlineData("[a].txt", "[a].txt")]
    [InlineData("?.txt", "2026/b.txt")]
    public void APatternTakes(string pattern, params string[] taken) =>
        new[] { "a.pdf", "2026/a.PDF", "2026/b.txt", "2026/x/a.pdf", "[a].txt" }.Where(new NameFilter([pattern], []).Matches).ShouldBe(taken);
}
