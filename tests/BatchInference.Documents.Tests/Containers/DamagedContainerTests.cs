using System.Diagnostics;
using BatchInference.Documents.Containers;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Testing;

namespace BatchInference.Documents.Tests.Containers;

/// <summary>What a damaged container, or a damaged file in one, costs: itself alone. The archives are made by tar, zip and their like.</summary>
public sealed class DamagedContainerTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("gzip", "x.gz")]
    [InlineData("bzip2", "x.bz2")]
    [InlineData("xz", "x.xz")]
    [InlineData("zstd", "x.zst")]
    [InlineData("tar", "x.tar")]
    public async Task ADamagedCompressedFileInAZipFailsAloneAndTheNextIsRead(string program, string name)
    {
        folder.Write("x", string.Join('\n', Enumerable.Range(0, 2000).Select(line => $"Line {line} of the letter.")));
        folder.Write("z.txt", "This is the last letter.");
        if (program == "tar") await RunAsync("tar", "cf x.tar x");
        else await RunAsync(program, program == "zstd" ? "-q x" : "x");
        var bytes = await File.ReadAllBytesAsync(folder[name]);
        // Its magic stays, and what follows is none of its kind.
        if (program == "tar") bytes = bytes[..700];
        else bytes.AsSpan(6, Math.Min(200, bytes.Length - 6)).Fill(0xFF);
        await File.WriteAllBytesAsync(folder[name], bytes);
        await RunAsync("zip", $"-q box.zip {name} z.txt");

        var readings = await ReadAsync("box.zip");

        readings.ShouldContain(reading => reading.Member!.StartsWith("!/" + name) && reading.Failure != null && reading.Failure.Permanent);
        readings[^1].Member.ShouldBe("!/z.txt");
        readings[^1].Text!.Text.ShouldBe("This is the last letter.");
    }

    [Fact]
    public async Task AnOpenerThatThrowsBeforeItsFirstMemberCostsItsContainerAlone()
    {
        folder.Write("x.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\"}\n");
        folder.Write("z.txt", "This is the last letter.");
        await RunAsync("zip", "-q box.zip x.jsonl z.txt");
        var reader = new LocalDocumentReader([new PlainTextExtractor()], [new ArchiveOpener(), new ThrowingOpener()], OcrTools.None, new ExtractionLimits(), TimeProvider.System);

        var readings = await ReadAsync("box.zip", reader);

        readings.Select(reading => (reading.Member, reading.Failure?.Reason)).ShouldBe([("!/x.jsonl", "The JSON lines file is damaged: It cannot be opened."), ("!/z.txt", null)]);
    }

    [Fact]
    public async Task ADamagedXmlAtTheRootOfAZipHidesNoOtherFile()
    {
        folder.Write("a.xml", "<a>" + string.Concat(Enumerable.Range(0, 500).Select(number => $"<b>{number}</b>")) + "</a>");
        folder.Write("b.txt", "This is the second letter.");
        await RunAsync("zip", "-q box.zip a.xml b.txt");
        var bytes = await File.ReadAllBytesAsync(folder["box.zip"]);
        bytes.AsSpan(bytes.AsSpan().IndexOf("a.xml"u8) + 60, 100).Fill(0xFF);
        await File.WriteAllBytesAsync(folder["box.zip"], bytes);

        var readings = await ReadAsync("box.zip");

        readings.Select(reading => (reading.Member, reading.Text?.Text)).ShouldBe([("!/a.xml", null), ("!/b.txt", "This is the second letter.")]);
        readings[0].Failure!.Permanent.ShouldBeTrue();
    }

    [Fact]
    public async Task ATarThatIsCutOffGivesWhatStandsBeforeTheCut()
    {
        folder.Write("a.txt", "This is the first letter.");
        folder.Write("b.xml", $"<a>{new string('b', 5000)}</a>");
        await RunAsync("tar", "cf box.tar a.txt b.xml");
        await File.WriteAllBytesAsync(folder["box.tar"], (await File.ReadAllBytesAsync(folder["box.tar"]))[..3000]);

        var readings = await ReadAsync("box.tar");

        readings[0].Text!.Text.ShouldBe("This is the first letter.");
        readings[^1].Failure!.Permanent.ShouldBeTrue();
    }

    private async Task RunAsync(string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder.Path })!;
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"{program} {arguments}");
    }

    private async Task<List<DocumentReading>> ReadAsync(string name, DocumentReader? reader = null)
    {
        var content = await File.ReadAllBytesAsync(folder[name]);
        return await (reader ?? DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System))
            .ReadAsync(new Document(new DocumentId(name, "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).ToListAsync();
    }

    private sealed class ThrowingOpener : ContainerOpener
    {
        public override IReadOnlyList<string> MediaTypes => [BatchInference.Documents.Extraction.MediaTypes.JsonLines];

        public override int Revision => 1;

        public override IEnumerable<Member> Open(Stream content, ContainerSource source, CancellationToken cancellationToken) => throw new InvalidDataException("It cannot be opened.");
    }
}
