using System.Text;
using System.Text.Json.Nodes;
using BatchInference.Documents.Extraction;
using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Results.RowFormats;
using BatchInference.Testing;

namespace BatchInference.Pipeline.Tests.Results;

/// <summary>The commit file is read again: to make Parquet and CSV anew, to take a part over, to export.</summary>
public sealed class JsonLinesTests
{
    [Fact]
    public async Task PagesThatWereReadFromPicturesComeBackAsTheyWereWritten()
    {
        var scan = Row("registre.pdf") with { Pages = 3, Characters = 900, Scanned = [new(1, 0.93), new(2, 0, "It took longer than 120 seconds, the limit of the configuration (Ocr:SecondsPerPage)."), new(3, 0.871)] };
        var (line, again) = await WriteAndReadAsync(scan);
        JsonNode.Parse(line)!["ocr"]!.ToJsonString().ShouldBe(
            """{"confidence":0.6,"pages":[{"page":1,"confidence":0.93},{"page":2,"confidence":0,"error":"It took longer than 120 seconds, the limit of the configuration (Ocr:SecondsPerPage)."},{"page":3,"confidence":0.871}]}""");
        again.Scanned.ShouldBe(scan.Scanned);
    }

    [Fact]
    public async Task ARowThatIsReadAndWrittenAgainIsTheSameLine()
    {
        var row = Row("mails.zip!/lettre.eml") with
        {
            Sha256 = new string('a', 64), MediaType = "message/rfc822", Language = "fr", Pages = 2, Characters = 12, TokensTotal = 7, TokensRead = 5, Status = RowStatus.Partial,
            Scanned = [new(1, 0.5)],
            Metadata = new Dictionary<string, string> { ["customId"] = "request-0", ["title"] = "L’été\n\"😀\"" },
            Results =
            [
                new TaskResult { Task = "topic", Model = "e5/int8", Label = "health", Score = 0.93, Scores = [new("health", 0.93), new("politics", 0.04)] },
                new TaskResult { Task = "summary", Model = "e5/int8", Error = "The model gives numbers that are none." },
            ],
        };
        var (line, again) = await WriteAndReadAsync(row);
        (await WriteAndReadAsync(again)).Line.ShouldBe(line);
        var failed = Row("a.pdf") with { Status = RowStatus.Failed, Error = new DocumentFailure("extract", "The PDF is encrypted and no password is configured.", true) };
        (await WriteAndReadAsync(failed)).Row.Error.ShouldBe(failed.Error);
    }

    private static ResultRow Row(string document) => new() { Document = document, Version = "1", Status = RowStatus.Completed, Run = "20261123T190000Z-4f2a", ProcessedAt = Some.Evening };

    private static async Task<(string Line, ResultRow Row)> WriteAndReadAsync(ResultRow row)
    {
        using var file = new MemoryStream();
        await JsonLines.WriteAsync(file, new[] { row }.ToAsyncEnumerable(), default);
        file.Position = 0;
        return (Encoding.UTF8.GetString(file.ToArray()), await JsonLines.ReadAsync(file, default).SingleAsync());
    }
}
