using System.Text;
using BatchInference.Documents.Extraction;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>Which part of a page is read.</summary>
public sealed class HtmlMainPartTests
{
    private static readonly string Long = string.Join(' ', Enumerable.Repeat("The council voted the budget.", 20));

    [Fact]
    public async Task OfAPageWithSeveralArticlesAllAreRead() =>
        (await ReadAsync($"<h1>News</h1><article><p>First: {Long}</p></article><article><p>Second: {Long}</p></article><article><p>Third.</p></article>"))
            .ShouldBe($"News\n\nFirst: {Long}\n\nSecond: {Long}\n\nThird.");

    [Fact]
    public async Task APartWithLessThanHalfOfTheTextIsNotThePage() =>
        (await ReadAsync($"<article><p>First: {Long}</p></article><div><p>Second: {Long} And more.</p></div>")).ShouldContain("Second: The council");

    [Theory]
    [InlineData("<main>", "</main>")]
    [InlineData("<div role=\"main\">", "</div>")]
    [InlineData("<article>", "</article>")]
    public async Task AMainPartIsReadAloneWhateverScriptsStandBesideIt(string begin, string end)
    {
        var script = $"<script>{new string('x', 10_000)}</script>";
        (await ReadAsync($"<h1>News</h1>{script}{begin}<p>{Long}</p>{end}<div><p>Beside it.</p></div>")).ShouldBe(Long);
    }

    [Fact]
    public async Task AMainPartIsPreferredToAnArticleInIt() =>
        (await ReadAsync($"<h1>News</h1><main><article><p>{Long}</p></article><p>Signed: the mayor.</p></main><p>Beside it.</p>")).ShouldBe($"{Long}\n\nSigned: the mayor.");

    private static async Task<string> ReadAsync(string body)
    {
        var content = Encoding.UTF8.GetBytes($"<!doctype html><html><head></head><body>{body}</body></html>");
        var reading = await DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System)
            .ReadAsync(new Document(new DocumentId("page.html", "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).SingleAsync();
        return reading.Text?.Text ?? reading.Failure!.Reason;
    }
}
