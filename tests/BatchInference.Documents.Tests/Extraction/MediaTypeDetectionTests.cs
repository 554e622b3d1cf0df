using System.Diagnostics;
using System.Text;
using BatchInference.Documents.Extraction;
using BatchInference.Testing;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>What a content is taken for, where two types could be seen in its first bytes.</summary>
public sealed class MediaTypeDetectionTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("tar", "--format=ustar -cf x.tar a.pdf b.pdf")]
    [InlineData("tar", "--format=gnu -cf x.tar a.pdf b.pdf")]
    [InlineData("tar", "--format=v7 -cf x.tar a.pdf b.pdf")]
    [InlineData("tar", "--format=pax -cf x.tar a.pdf b.pdf")]
    [InlineData("zip", "-q -0 x.zip a.pdf b.pdf")]
    public async Task AnArchiveThatBeginsWithAPdfIsAnArchiveOfAllItsDocuments(string program, string arguments)
    {
        foreach (var name in (string[])["a.pdf", "b.pdf"]) File.Copy(Repository.At("tests/fixtures/documents/files/report.pages.pdf"), folder[name]);
        using (var made = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder.Path })!)
            await made.WaitForExitAsync();
        var archive = Directory.GetFiles(folder.Path, "x.*").ShouldHaveSingleItem();
        var content = await File.ReadAllBytesAsync(archive);
        var readings = await DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System)
            .ReadAsync(new Document(new DocumentId(Path.GetFileName(archive), "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).ToListAsync();
        readings.Select(reading => (reading.Member, reading.Text?.Pages.Count > 2)).ShouldBe([("!/a.pdf", true), ("!/b.pdf", true)]);
    }

    [Theory]
    [InlineData("%PDF-1.4\n", "application/pdf")]
    [InlineData("\uFEFF%PDF-1.4\n", "application/pdf")]
    [InlineData("Content-Length: 12\r\n\r\n%PDF-1.4\n", "application/pdf")]
    [InlineData("\u0000\u0001\u0002 %PDF-1.4\n", "application/pdf")]
    [InlineData("A file of this kind begins with %PDF- and its version.\n", "text/plain")]
    public void APdfMayHaveSomethingBeforeItsHeaderAndATextMaySpeakOfIt(string content, string type) =>
        MediaTypeDetection.Detect(new MemoryStream(Encoding.UTF8.GetBytes(content)), "a.txt").ShouldBe(type);
}
