using System.Text;
using BatchInference.Documents.Extraction;
using BatchInference.Testing;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>Documents of the demo archive, whole and damaged in all ways: each has a text in the promised form, or a reason.</summary>
public sealed class HostileDocumentTests
{
    private static readonly int Rounds = Environment.GetEnvironmentVariable("BATCHINFERENCE_LONG_TESTS") == "1" ? 300 : 12;

    private static readonly DocumentReader Reader = DocumentReader.Standard(new ExtractionLimits { Bytes = 32 << 20, Characters = 2_000_000, Pages = 500, Time = TimeSpan.FromSeconds(60) }, TimeProvider.System);

    private static readonly UnicodeEncoding StrictUtf16 = new(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true);

    // The smallest document of each kind, so that many damaged copies cost little.
    public static TheoryData<string> OneOfEachKind =>
        new(Directory.GetFiles(Repository.At("config/demo/documents"), "*", SearchOption.AllDirectories).Where(path => new FileInfo(path).Length > 500)
            .GroupBy(path => Path.GetExtension(path).ToLowerInvariant()).Select(kind => Path.GetRelativePath(Repository.At("config/demo/documents"), kind.MinBy(path => new FileInfo(path).Length)!)).Order(StringComparer.Ordinal));

    [Fact]
    public async Task EveryDocumentOfTheDemoHasATextInThePromisedFormOrAReason()
    {
        foreach (var path in Directory.GetFiles(Repository.At("config/demo/documents"), "*", SearchOption.AllDirectories))
            ShouldKeepThePromise(path, await ReadAsync(path, await File.ReadAllBytesAsync(path)));
    }

    [Theory, MemberData(nameof(OneOfEachKind))]
    public async Task ADamagedDocumentHasATextOrAReasonToo(string document)
    {
        var whole = await File.ReadAllBytesAsync(Path.Combine(Repository.At("config/demo/documents"), document));
        var random = new Random(document.Length);
        for (var round = 0; round < Rounds; round++)
        {
            var damaged = Damage(whole, random);
            ShouldKeepThePromise($"{document}, round {round}", await ReadAsync(document, damaged));
        }
    }

    private static byte[] Damage(byte[] whole, Random random)
    {
        var damaged = whole.ToArray();
        switch (random.Next(4))
        {
            case 0:
                return damaged[..random.Next(1, damaged.Length)];
            case 1:
                for (var left = random.Next(1, 60); left > 0; left--)
                    damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
                return damaged;
            case 2:
                var (from, to) = (random.Next(damaged.Length), random.Next(damaged.Length));
                damaged.AsSpan(from, Math.Min(random.Next(1, 2000), damaged.Length - Math.Max(from, to))).CopyTo(damaged.AsSpan(to));
                return damaged;
            default:
                var at = random.Next(damaged.Length);
                return [.. damaged[..at], .. damaged[..Math.Min(at, 3000)], .. damaged[at..]];
        }
    }

    private static void ShouldKeepThePromise(string name, DocumentReading reading)
    {
        (reading.Text is null).ShouldBe(reading.Failure is not null, name);
        if (reading.Failure is { } failure)
        {
            failure.Reason.ShouldNotBeNullOrWhiteSpace(name);
            failure.Reason.ShouldNotContain("\n", Case.Sensitive, name);
            return;
        }

        var text = reading.Text!.Text;
        text.ShouldBe(text.Trim(), name);
        text.Any(character => char.IsControl(character) && character != '\n').ShouldBeFalse(name);
        Should.NotThrow(() => StrictUtf16.GetByteCount(text), name);
        text.ShouldNotContain(" \n", Case.Sensitive, name);
        text.ShouldNotContain("\n\n\n", Case.Sensitive, name);
        var end = 0;
        foreach (var page in reading.Text.Pages)
        {
            page.Start.ShouldBeGreaterThanOrEqualTo(end, name);
            end = page.Start + page.Length;
        }

        end.ShouldBeLessThanOrEqualTo(text.Length, name);
    }

    private static Task<DocumentReading> ReadAsync(string path, byte[] content) =>
        Reader.ReadAsync(new Document(new DocumentId(path, "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default).FirstAsync().AsTask();
}
