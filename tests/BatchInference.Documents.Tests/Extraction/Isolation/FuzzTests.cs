using System.Globalization;
using System.Text;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Isolation;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Testing;

namespace BatchInference.Documents.Tests.Extraction.Isolation;

/// <summary>
/// The golden documents of every format, spoilt in all ways: each gives texts or reasons within its time, no process takes more than its memory.
/// The number of a mutant makes it again.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const long Memory = 512L << 20;

    private static readonly int Mutants = Environment.GetEnvironmentVariable("BATCHINFERENCE_LONG_TESTS") == "1" ? 3000 : 300;

    private static readonly ExtractionLimits Limits = new()
    {
        Bytes = 32 << 20, Characters = 2_000_000, Pages = 500, Time = TimeSpan.FromSeconds(60), ContainerBytes = 64 << 20, Members = 2000, UnfoldedBytes = 256 << 20,
    };

    // Two formats cost seconds a document, by programs that start anew for each: scans have a test of their own, old Office files are spoilt more rarely.
    private static readonly string[] Slow = [".doc", ".xls", ".ppt"];

    [Fact]
    public async Task EverySpoiltDocumentGivesTextsOrReasonsWithinItsTimeAndMemory()
    {
        using var reader = IsolationTests.Open(HostVerbs.Standard, Limits, new IsolationLimits { Memory = Memory, DocumentsPerProcess = 200 });
        var seeds = Seeds("tests/fixtures/documents/files").Concat(Seeds("config/demo/documents")).Concat(Seeds("tests/fixtures/documents/scans")).Concat(Seeds("tests/fixtures/outlook")).ToArray();
        var ordinary = seeds.Where(seed => !Slow.Contains(Path.GetExtension(seed))).ToArray();
        var slow = seeds.Except(ordinary).ToArray();
        var (texts, reasons, peak) = (0, new Dictionary<string, int>(StringComparer.Ordinal), 0L);
        var turn = new Lock();
        await Parallel.ForEachAsync(Enumerable.Range(0, Mutants), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (number, token) =>
        {
            var random = new Random(number);
            var choice = number % 100 == 99 ? slow : ordinary;
            var seed = choice[random.Next(choice.Length)];
            var mutant = Mutation.Of(await File.ReadAllBytesAsync(seed, token), await File.ReadAllBytesAsync(ordinary[random.Next(ordinary.Length)], token), random);
            var name = string.Create(CultureInfo.InvariantCulture, $"mutant {number} of {Path.GetFileName(seed)}");
            var given = 0;
            await foreach (var reading in reader.ReadAsync(new Document(new DocumentId(Path.GetFileName(seed), "1"), mutant.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(mutant))), _ => false, token))
            {
                given++;
                ShouldKeepThePromise(name, reading);
                lock (turn)
                {
                    if (reading.Text is not null) texts++;
                    else reasons[reading.Failure!.Reason] = reasons.GetValueOrDefault(reading.Failure.Reason) + 1;
                }
            }

            given.ShouldBeGreaterThan(0, name);
            lock (turn) peak = Math.Max(peak, Peak(reader));
        });
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Mutants} mutants of {seeds.Length} documents: {texts} texts, {reasons.Values.Sum()} reasons, most memory of a process {peak >> 20} MB"));
        foreach (var (reason, count) in reasons.OrderByDescending(pair => pair.Value).Take(40)) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count,5}  {reason}"));
        texts.ShouldBeGreaterThan(Mutants / 10);
        reasons.Keys.Where(reason => reason.Contains("brought down", StringComparison.Ordinal) || reason.Contains("ran out of stack", StringComparison.Ordinal)).ShouldBeEmpty();
        peak.ShouldBeInRange(1, Memory + (256L << 20));
    }

    [Fact]
    public async Task ASpoiltScanGivesATextOrAReason()
    {
        var tools = await OcrTools.FindAsync(new OcrOptions { PageTime = TimeSpan.FromSeconds(120) }, CancellationToken.None);
        tools.CanRead.ShouldBeTrue(tools.Missing);
        using var reader = IsolationTests.Open(HostVerbs.Standard, Limits, new IsolationLimits { Memory = Memory }, tools);
        var seeds = Seeds("tests/fixtures/documents/scans").ToArray();
        for (var number = 0; number < Math.Max(5, Mutants / 100); number++)
        {
            var random = new Random(number);
            var seed = await File.ReadAllBytesAsync(seeds[number % seeds.Length]);
            var mutant = Mutation.Of(seed, seed, random);
            await foreach (var reading in reader.ReadAsync(new Document(new DocumentId("scan", "1"), mutant.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(mutant))), _ => false, default))
                ShouldKeepThePromise(string.Create(CultureInfo.InvariantCulture, $"mutant {number} of {seeds[number % seeds.Length]}"), reading);
        }
    }

    [Fact]
    public async Task HostileDocumentsAreRefusedWithAReasonOrGiveTheirText()
    {
        using var reader = IsolationTests.Open(HostVerbs.Standard, Limits with { Characters = 5_000_000 }, new IsolationLimits { Memory = Memory });
        foreach (var (name, content) in HostileDocuments.All())
        {
            var readings = new List<DocumentReading>();
            await foreach (var reading in reader.ReadAsync(new Document(new DocumentId(name, "1"), content.Length, _ => ValueTask.FromResult<Stream>(new MemoryStream(content))), _ => false, default))
                readings.Add(reading);
            readings.ShouldNotBeEmpty(name);
            foreach (var reading in readings) ShouldKeepThePromise(name, reading);
            readings.ShouldContain(reading => reading.Failure != null || reading.Text!.Text.Contains(HostileDocuments.Heart, StringComparison.Ordinal), name);
            readings.ShouldNotContain(reading => reading.Failure != null && reading.Failure.Reason.Contains("brought down", StringComparison.Ordinal), name);
            readings.ShouldNotContain(reading => reading.Text != null && reading.Text.Text.Contains("root:", StringComparison.Ordinal), name);
            Peak(reader).ShouldBeLessThanOrEqualTo(Memory + (256L << 20), name);
            foreach (var failure in readings.Select(reading => reading.Failure).OfType<DocumentFailure>().Take(2)) output.WriteLine($"{name}: {failure.Reason}");
        }
    }

    private static IEnumerable<string> Seeds(string folder) =>
        Directory.GetFiles(Repository.At(folder), "*", SearchOption.AllDirectories).Where(path => new FileInfo(path).Length is > 0 and < 2_000_000 && Path.GetExtension(path) != ".sh").Order(StringComparer.Ordinal);

    // Nobody is there between one process and the next.
    private static long Peak(IsolatedDocumentReader reader) => reader.Processes.Select(Peak).DefaultIfEmpty().Max();

    // The kernel's own count of the most that was resident; 0 for a process that was replaced meanwhile.
    private static long Peak(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.AsSpan(6, line.Length - 9).Trim(), CultureInfo.InvariantCulture) * 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static void ShouldKeepThePromise(string name, DocumentReading reading)
    {
        (reading.Text is null).ShouldBe(reading.Failure is not null, name);
        if (reading.Failure is { } failure)
        {
            failure.Reason.ShouldNotBeNullOrWhiteSpace(name);
            failure.Reason.ShouldNotContain("\n", Case.Sensitive, name);
            // A time-out or a lack of memory may be tried again; here they would be a hang that was found.
            if (!failure.Permanent) failure.Reason.ShouldNotContain("could not be got within", Case.Sensitive, name);
            return;
        }

        var text = reading.Text!.Text;
        text.ShouldNotBeNullOrWhiteSpace(name);
        Should.NotThrow(() => new UnicodeEncoding(false, false, throwOnInvalidBytes: true).GetByteCount(text), name);
        text.Any(character => char.IsControl(character) && character is not ('\n' or '\t')).ShouldBeFalse(name);
    }
}
