using System.Text;
using System.Text.RegularExpressions;
using BatchInference.Documents.Extraction;
using BatchInference.Testing;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>
/// Documents that tools of others made (tests/fixtures/documents/generate/make.py), against the texts that the tools were fed: as words, since marks of lists and borders of cells are a matter of form.
/// The name of a file begins with that of its text.
/// </summary>
public sealed partial class GoldenTests
{
    private const double MostErrors = 0.02;

    private static readonly string Folder = Repository.At("tests/fixtures/documents");
    private static readonly DocumentReader Reader = DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System);

    public static TheoryData<string> Files => new(Directory.GetFiles(Path.Combine(Folder, "files")).Select(path => Path.GetFileName(path)!).Where(name => !name.StartsWith("locked", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    [Fact]
    public void ThereAreAtLeastSixtyOfThem() => Files.Count.ShouldBeGreaterThanOrEqualTo(60);

    [Theory, MemberData(nameof(Files))]
    public async Task ADocumentSaysWhatItsToolWasFed(string file)
    {
        var expected = Words(await File.ReadAllTextAsync(Path.Combine(Folder, "expected", file.Split('.')[0] + ".txt")));
        var readings = await ReadAsync(file);
        readings.Select(reading => reading.Failure?.Reason).ShouldAllBe(reason => reason == null);
        var text = Words(string.Join('\n', readings.Select(reading => reading.Text!.Text)));
        var rate = (double)Distance(expected, text) / expected.Length;
        rate.ShouldBeLessThanOrEqualTo(MostErrors, $"{rate:P2} of the characters differ.\n\n{text}");
    }

    [Theory]
    [InlineData("locked.zip", "The file is encrypted and no password is configured.")]
    [InlineData("locked.7z", "The 7z archive is encrypted and no password is configured.")]
    public async Task AnEncryptedArchiveSaysSo(string file, string reason) => (await ReadAsync(file)).Single().Failure.ShouldBe(new DocumentFailure("extract", reason, true));

    [Fact]
    public async Task ARequestOfABatchKeepsItsIdentifierAndARecordItsLine()
    {
        var requests = await ReadAsync("both.batch.jsonl");
        requests.Select(reading => (reading.Member, reading.Identifiers["customId"])).ShouldBe([("#1", "request-0"), ("#2", "request-1")]);
        var records = await DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System, new ContentFields("text", "id")).ReadAsync(Document("both.records.jsonl"), _ => false, default).ToListAsync();
        records.Select(reading => (reading.Member, reading.Identifiers["id"])).ShouldBe([("#1", "record-0"), ("#2", "record-1")]);
    }

    [Theory]
    [InlineData("rapport.pages.pdf")]
    [InlineData("report.pages.pdf")]
    public async Task PagesAreRangesOfTheTextWithoutWhatIsWrittenOnEachOfThem(string file)
    {
        var text = (await ReadAsync(file)).Single().Text!;
        text.Pages.Count.ShouldBeGreaterThan(2);
        text.Pages.Select(page => page.Number).ShouldBe(Enumerable.Range(1, text.Pages.Count));
        text.Text.ShouldNotContain("carton 12");
        text.Text.ShouldNotContain("Page 2");
    }

    private static Task<List<DocumentReading>> ReadAsync(string file) => Reader.ReadAsync(Document(file), _ => false, default).ToListAsync().AsTask();

    private static Document Document(string file)
    {
        var path = Path.Combine(Folder, "files", file);
        return new Document(new DocumentId(file, "1"), new FileInfo(path).Length, _ => ValueTask.FromResult<Stream>(File.OpenRead(path)));
    }

    private static string Words(string text) => Blanks().Replace(Marks().Replace(text.Normalize(NormalizationForm.FormC).Replace("- ", " ", StringComparison.Ordinal).Replace('’', '\''), " "), " ").Trim();

    // Levenshtein, a row at a time.
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var corner = row[0]++;
            for (var j = 1; j <= right.Length; j++)
                (corner, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, corner + (left[i - 1] == right[j - 1] ? 0 : 1)));
        }

        return row[right.Length];
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"(^|\n)\s*(#+|[-•●◦▪–]|\u2022)\s|\s\|\s|[|•●]")]
    private static partial Regex Marks();
}
