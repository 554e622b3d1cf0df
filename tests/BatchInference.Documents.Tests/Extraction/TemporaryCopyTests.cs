using System.Diagnostics;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Testing;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>No test runs beside these: they turn the folder of temporary files away from the whole process.</summary>
[CollectionDefinition(nameof(TemporaryFolderTurnedAway), DisableParallelization = true)]
public sealed class TemporaryFolderTurnedAway;

/// <summary>What is told when our own copies of a document cannot be written.</summary>
[Collection(nameof(TemporaryFolderTurnedAway))]
public sealed class TemporaryCopyTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly string? before = Environment.GetEnvironmentVariable("TMPDIR");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("TMPDIR", before);
        folder.Dispose();
    }

    [Fact]
    public async Task ACopyThatCannotBeWrittenIsNoDamageOfTheDocument()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The folder of temporary files is named by TMPDIR.");
        folder.Write("large.txt", new string('x', 9 << 20));
        using (var zip = Process.Start(new ProcessStartInfo("zip", "-q large.zip large.txt") { WorkingDirectory = folder.Path })!) await zip.WaitForExitAsync();
        var content = await File.ReadAllBytesAsync(folder["large.zip"]);
        Environment.SetEnvironmentVariable("TMPDIR", folder["nowhere"]);

        var reading = await DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System)
            .ReadAsync(new Document(new DocumentId("large.zip", "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).SingleAsync();

        ShouldBeTheMachines(reading.Failure!.Reason, reading.Failure.Permanent);
        var drawn = Should.Throw<DocumentException>(() => new PdfDrawing(new MemoryStream([1]), OcrTools.None, new Dictionary<int, (double, double)>()));
        ShouldBeTheMachines(drawn.Message, drawn.Permanent);
        if (LegacyOfficeExtractor.Installed is null) return;
        var converted = Should.Throw<DocumentException>(() => new LegacyOfficeExtractor().Extract(new MemoryStream([1]), MediaTypes.LegacyWord, new ExtractionLimits(), CancellationToken.None));
        ShouldBeTheMachines(converted.Message, converted.Permanent);
    }

    private static void ShouldBeTheMachines(string reason, bool permanent)
    {
        permanent.ShouldBeFalse(reason);
        reason.ShouldStartWith("A temporary copy of the document cannot be written to ");
    }
}
