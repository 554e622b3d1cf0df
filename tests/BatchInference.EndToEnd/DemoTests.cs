using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>What the README promises of its first command.</summary>
public sealed class DemoTests(DemoRun demo)
{
    [Fact]
    public void TheDemoEndsWellWithOneRowADocument()
    {
        demo.First.ShouldExit(0);
        DemoRun.Documents.Count.ShouldBeGreaterThanOrEqualTo(60);
        demo.Results.ShouldBeInOrder(DemoRun.Documents);
        demo.Results.ShouldHoldNoTemporaryFile();
        var manifest = demo.Results.Manifests().ShouldHaveSingleItem();
        manifest["complete"]!.GetValue<bool>().ShouldBeTrue();
    }

    [Fact]
    public void EveryRowIsLabelledAndSummarisedOrSaysWhyNot()
    {
        foreach (var row in demo.Results.Rows())
        {
            var document = (string)row["document"]!;
            if ((string)row["status"]! == "completed")
            {
                ((string?)row["results"]!["topic"]!["label"]).ShouldNotBeNullOrEmpty(document);
                ((string?)row["results"]!["summary"]!["text"]).ShouldNotBeNullOrEmpty(document);
                ((long)row["tokens"]!["read"]!).ShouldBe((long)row["tokens"]!["total"]!, document);
            }
            else
            {
                ((string)row["status"]!).ShouldBe("failed", document);
                ((string?)row["error"]!["reason"]).ShouldNotBeNullOrEmpty(document);
                ((bool)row["error"]!["permanent"]!).ShouldBeTrue(document);
            }
        }
    }

    [Fact]
    public void TheReadmeShowsRowsThatTheDemoWrote()
    {
        var shown = Regex.Match(File.ReadAllText(Repository.At("README.md")), "```json\n(.*?)```", RegexOptions.Singleline).Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        shown.Length.ShouldBe(2);
        var written = demo.Results.Lines();
        foreach (var row in shown)
            // What the README leaves out stands as … there.
            written.ShouldContain(line => Regex.IsMatch(line, $"^{Regex.Escape(row).Replace("…", ".*?", StringComparison.Ordinal)}$"), row);
    }

    [Fact]
    public void EveryFailedDocumentStandsInTheErrorFileToo() =>
        demo.Results.Errors().Select(line => (string)line["document"]!).Order(StringComparer.Ordinal)
            .ShouldBe(demo.Results.Rows().Where(row => (string)row["status"]! == "failed").Select(row => (string)row["document"]!).Order(StringComparer.Ordinal));

    [Fact]
    public void ASummaryIsItsQuotesJoinedByOneBlank()
    {
        foreach (var summary in demo.Results.Rows().Select(row => row["results"]?["summary"]).OfType<JsonObject>())
        {
            var quotes = summary["quotes"]!.AsArray();
            ((string)summary["text"]!).ShouldBe(string.Join(' ', quotes.Select(quote => (string)quote!["text"]!)));
            foreach (var quote in quotes)
                ((string)quote!["text"]!).EnumerateRunes().Count().ShouldBe((int)quote["length"]!);
        }
    }

    [Fact]
    public async Task ASecondRunHasNothingToDo()
    {
        demo.First.ShouldExit(0);
        var before = demo.Results.Parts("jsonl");
        var second = await WorkerProcess.RunAsync(demo.State, "run", "demo", "--output", demo.Output);
        second.ShouldExit(0);
        (second.Output + second.Errors).ShouldContain("nothing to do", Case.Insensitive);
        demo.Results.Parts("jsonl").ShouldBe(before);
        (await WorkerProcess.RunAsync(demo.State, "status", "demo")).ShouldExit(0).Output.ShouldContain($"nothing new, {DemoRun.Documents.Count(document => !document.Contains("!/", StringComparison.Ordinal))} documents were settled before");
    }

    [Fact]
    public async Task AnotherOutputFolderDoesTheWorkAgain()
    {
        using var other = new TempFolder();
        (await WorkerProcess.RunAsync(demo.State, "run", "demo", "--output", other, "--limit", "5")).ShouldExit(0);
        new ResultFolder(other, "demo").Rows().Count().ShouldBe(5);
    }

    [Theory, InlineData("jsonl"), InlineData("csv"), InlineData("parquet")]
    public async Task TheExportHoldsOneRowADocument(string format)
    {
        demo.First.ShouldExit(0);
        var file = demo.Folder[$"export.{format}"];
        (await WorkerProcess.RunAsync(demo.State, "export", "demo", "--to", file, "--output", demo.Output)).ShouldExit(0);
        var read = format switch { "jsonl" => "read_json", "csv" => "read_csv", _ => "read_parquet" };
        Duck.Ask($"SELECT count(*), count(DISTINCT document) FROM {read}({Duck.Literal(file)})")[0]
            .ShouldBe([$"{DemoRun.Documents.Count}", $"{DemoRun.Documents.Count}"]);
    }
}
