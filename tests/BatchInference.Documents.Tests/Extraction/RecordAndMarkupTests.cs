using System.Text;
using BatchInference.Documents.Extraction;
using BatchInference.Testing;
using DuckDB.NET.Data;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>XML, JSON, Parquet and RTF: what their text is, and what is refused of them.</summary>
public sealed class RecordAndMarkupTests
{
    [Fact]
    public async Task EntitiesOfAnXmlAreNeverUnfolded()
    {
        var laughs = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY l0 \"lol\">" + string.Concat(Enumerable.Range(1, 9).Select(level => $"<!ENTITY l{level} \"{string.Concat(Enumerable.Repeat($"&l{level - 1};", 10))}\">")) + "]><a>&l9;</a>";
        (await ReadAsync("laughs.xml", laughs)).Single().Failure.ShouldBe(new DocumentFailure("extract", "The XML file is refused: it uses entities of its own, which are not unfolded.", true));
        (await ReadAsync("file.xml", "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>")).Single().Failure!.Permanent.ShouldBeTrue();
    }

    [Fact]
    public async Task TheHeaderOfTeiAndTheMetaOfAkomaNtosoAreLeftOut()
    {
        (await ReadAsync("a.xml", "<TEI xmlns=\"http://www.tei-c.org/ns/1.0\"><teiHeader><fileDesc><titleStmt><title>SECRET</title></titleStmt></fileDesc></teiHeader><text><body><head>Lettre</head><p>Le <hi>maire</hi> répond.</p><p>Il signe.</p></body></text></TEI>"))
            .Single().Text!.Text.ShouldBe("Lettre\n\nLe maire répond.\n\nIl signe.");
        (await ReadAsync("b.xml", "<akomaNtoso xmlns=\"http://docs.oasis-open.org/legaldocml/ns/akn/3.0\"><act><meta><identification source=\"#x\">SECRET</identification></meta><body><article><num>Article 1</num> <heading>Objet</heading><paragraph><content><p>La loi fixe les règles.</p></content></paragraph></article></body></act></akomaNtoso>"))
            .Single().Text!.Text.ShouldBe("Article 1\n\nObjet\n\nLa loi fixe les règles.");
    }

    [Fact]
    public async Task AnXmlOfAnyDepthIsReadOrRefused()
    {
        var reading = (await ReadAsync("deep.xml", string.Concat(Enumerable.Repeat("<a>", 20_000)) + "The end." + string.Concat(Enumerable.Repeat("</a>", 20_000)))).Single();
        (reading.Text?.Text.Contains("The end.", StringComparison.Ordinal) ?? reading.Failure!.Permanent).ShouldBeTrue();
    }

    [Fact]
    public async Task AJsonGivesItsTextsOrTheConfiguredField()
    {
        const string json = """{"title": "Minutes", "record": {"text": "The council met."}, "pages": 3}""";
        (await ReadAsync("a.json", json)).Single().Text!.Text.ShouldBe("title: Minutes\ntext: The council met.\npages: 3");
        (await ReadAsync("a.json", json, new ContentFields("record.text"))).Single().Text!.Text.ShouldBe("The council met.");
        (await ReadAsync("a.json", "{\"a\": ")).Single().Failure!.Reason.ShouldStartWith("The JSON file is damaged: ");
    }

    [Fact]
    public async Task ALineWithoutTheFieldFailsAlone()
    {
        var readings = await ReadAsync("a.jsonl", "{\"text\": \"A line that has it.\"}\n{\"body\": 1}\n\nnot json\n{\"text\": \"The last line has it.\"}\n");
        readings.Select(reading => (reading.Member, reading.Failure?.Reason)).ShouldBe(
        [
            ("#1", null),
            ("#2", "The line has no field \"text\"; name the one that holds the text (content.textField of the job)."),
            ("#4", readings[2].Failure!.Reason),
            ("#5", null),
        ]);
        readings[2].Failure!.Reason.ShouldStartWith("The line is no JSON: ");
    }

    [Fact]
    public async Task ParquetOfOthersIsReadRowByRow()
    {
        using var folder = new TempFolder();
        using (var duck = new DuckDBConnection("Data Source=:memory:"))
        {
            duck.Open();
            using var command = duck.CreateCommand();
            command.CommandText = $"COPY (SELECT 'n' || i AS key, CASE WHEN i = 2 THEN NULL ELSE 'The letter of row ' || i || '.' END AS letter FROM range(1, 4) t(i)) TO '{folder["a.parquet"]}' (FORMAT parquet)";
            command.ExecuteNonQuery();
        }

        var bytes = await File.ReadAllBytesAsync(folder["a.parquet"]);
        var readings = await ReadAsync("a.parquet", bytes, new ContentFields("letter", "key"));
        readings.Count.ShouldBe(3, readings[0].Failure?.Reason);
        readings.Select(reading => (reading.Member, reading.Text?.Text ?? reading.Failure?.Reason, reading.Identifiers["key"])).ShouldBe(
            [("#1", "The letter of row 1.", "n1"), ("#2", "The row has no \"letter\".", "n2"), ("#3", "The letter of row 3.", "n3")]);
        (await ReadAsync("a.parquet", bytes)).Single().Failure!.Reason.ShouldBe("The Parquet file has no column \"text\" of texts; name the one that holds them (content.textField of the job). It has: key, letter.");
    }

    [Fact]
    public async Task ARtfIsReadInAnyEncodingWithItsTablesAndWithoutWhatIsNotItsText()
    {
        var reading = (await ReadAsync("a.rtf", @"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial;}}{\info{\title Budget}{\author A. B.}}{\header SECRET}Le caf\'e9 co\u251?te 3\u8364\'80.\par{\v SECRET}{\*\unknown SECRET}\f1 \'cc\'e8\'f0\f0\par\trowd a\cell b\cell\row c\cell d\cell\row\pard Fin {\field{\*\fldinst HYPERLINK SECRET}{\fldrslt ici}}.}")).Single();
        reading.Text!.Text.ShouldBe("Le café coûte 3€.\n\nМир\n\na | b\nc | d\nFin ici.");
        reading.Text.Metadata.ShouldBe(new Dictionary<string, string> { ["title"] = "Budget", ["author"] = "A. B." }, ignoreOrder: true);
        (await ReadAsync("b.rtf", @"{\rtf1 " + new string('{', 100_000) + "x")).Single().Failure!.Reason.ShouldBe("The RTF document is nested too deeply to be read.");
    }

    private static Task<List<DocumentReading>> ReadAsync(string path, string content, ContentFields? fields = null) => ReadAsync(path, Encoding.UTF8.GetBytes(content), fields);

    private static Task<List<DocumentReading>> ReadAsync(string path, byte[] content, ContentFields? fields = null) =>
        DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System, fields)
            .ReadAsync(new Document(new DocumentId(path, "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).ToListAsync().AsTask();
}
