using System.Text;
using BatchInference.Documents.Extraction;
using BatchInference.Testing;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>JSON as programs leave it that do not care for signs: halves of surrogate pairs, encodings of Windows.</summary>
public sealed class JsonTextTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task HalfASurrogatePairCostsASignAndNoLine()
    {
        folder.Write("a.jsonl", """
            {"text": "First \ud83d"}
            {"text": "Second \ude00 and \ud83d\ude00, and \\ud83d as it is written"}
            {"\ud83d": 1, "text": "Third"}
            {"text": "Fourth \ud83d\ud83d\ude00"}
            """);
        (await ReadAsync("a.jsonl")).Select(reading => reading.Text?.Text ?? reading.Failure?.Reason)
            .ShouldBe(["First \uFFFD", "Second \uFFFD and \U0001F600, and \\ud83d as it is written", "Third", "Fourth \uFFFD\U0001F600"]);
        folder.Write("a.json", """{"title": "A \ud83d\u0041", "more": "B"}""");
        (await ReadAsync("a.json")).Single().Text!.Text.ShouldBe("title: A \uFFFDA\nmore: B");
    }

    [Fact]
    public async Task EachLineOfJsonIsReadInTheEncodingThatItHas()
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        const string line = "{\"text\": \"Le préfet a répondu à la lettre des élèves.\"}\n";
        await File.WriteAllBytesAsync(folder["a.jsonl"], [.. Encoding.UTF8.GetPreamble(), .. Encoding.UTF8.GetBytes(line), .. Encoding.GetEncoding(1252).GetBytes(line), .. Encoding.UTF8.GetBytes(line.TrimEnd())]);
        (await ReadAsync("a.jsonl")).Select(reading => (reading.Member, reading.Text?.Text)).ShouldBe(Enumerable.Range(1, 3).Select(number => ((string?)$"#{number}", (string?)"Le préfet a répondu à la lettre des élèves.")));
        foreach (var encoding in (Encoding[])[Encoding.Unicode, Encoding.BigEndianUnicode])
            foreach (var mark in (bool[])[true, false])
            {
                await File.WriteAllBytesAsync(folder["a.jsonl"], [.. mark ? encoding.GetPreamble() : [], .. encoding.GetBytes(line + line)]);
                (await ReadAsync("a.jsonl")).Select(reading => reading.Text?.Text).ShouldBe(Enumerable.Repeat("Le préfet a répondu à la lettre des élèves.", 2));
            }
    }

    private async Task<List<DocumentReading>> ReadAsync(string name)
    {
        var content = await File.ReadAllBytesAsync(folder[name]);
        return await DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System)
            .ReadAsync(new Document(new DocumentId(name, "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).ToListAsync();
    }
}
