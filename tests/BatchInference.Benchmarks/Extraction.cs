using System.Diagnostics;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Testing;

namespace BatchInference.Benchmarks;

/// <summary>
/// How fast texts are got, on one core, by format; of PDF beside <c>pdftotext</c> (poppler-utils) on the same files in the same run. The files are the golden documents, each read again and again;
/// BATCHINFERENCE_PDFS names a folder of more PDFs.
/// </summary>
internal static class Extraction
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(2);
    private static readonly string[] OfOtherPrograms = [".doc", ".xls", ".ppt"];
    private static readonly DocumentReader Reader = DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System);

    public static async Task<int> RunAsync()
    {
        var files = Directory.GetFiles(Repository.At("tests/fixtures/documents/files")).Where(path => !Path.GetFileName(path).StartsWith("locked", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();

        // One long document: starting a process for each small one would be most of what pdftotext does.
        using var folder = new TempFolder();
        var book = Path.Combine(folder, "book.pdf");
        string[] pdfs = [.. files.Where(path => path.EndsWith(".office.pdf", StringComparison.Ordinal) || path.EndsWith("pages.pdf", StringComparison.Ordinal) || path.EndsWith("columns.pdf", StringComparison.Ordinal))];
        await RunAsync("qpdf", ["--empty", "--pages", .. Enumerable.Range(0, 40).SelectMany(_ => pdfs), "--", book]);
        Console.WriteLine("| PDF | pages | pdftotext pages/s | this program pages/s | of pdftotext | PdfPig's letters alone pages/s |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        string[] more = Environment.GetEnvironmentVariable("BATCHINFERENCE_PDFS") is { } named ? [.. Directory.GetFiles(named, "*.pdf").Order(StringComparer.Ordinal)] : [];
        foreach (var pdf in (string[])[book, .. more])
        {
            await RunAsync("pdftotext", [pdf, "/dev/null"]);
            var theirs = await RunAsync("pdftotext", [pdf, "/dev/null"]);
            var (read, _, pages, ours) = await MeasureAsync([pdf]);
            Parse(pdf);
            var each = (double)pages / read;
            Console.WriteLine(FormattableString.Invariant($"| {Path.GetFileName(pdf)} | {each} | {each / theirs:F0} | {pages / ours:F0} | {pages / ours / (each / theirs):F2} | {each / Parse(pdf):F0} |"));
        }

        Console.WriteLine();
        Console.WriteLine("| format | files | KB each | documents/s | million characters/s |");
        Console.WriteLine("|---|---:|---:|---:|---:|");
        foreach (var format in files.Where(path => !OfOtherPrograms.Contains(Path.GetExtension(path))).GroupBy(path => Path.GetExtension(path)))
        {
            string[] paths = [.. format];
            var (documents, characters, _, seconds) = await MeasureAsync(paths);
            Console.WriteLine(FormattableString.Invariant($"| {format.Key} | {paths.Length} | {paths.Average(path => new FileInfo(path).Length) / 1024:F1} | {documents / seconds:F0} | {characters / seconds / 1e6:F2} |"));
        }

        await PrintSlowAsync(files.Where(path => OfOtherPrograms.Contains(Path.GetExtension(path))));

        return 0;
    }

    // Their time is spent in programs that are started for each document, so the clock's counts.
    private static async Task PrintSlowAsync(IEnumerable<string> files)
    {
        Console.WriteLine();
        Console.WriteLine("| format, read by another program | files | seconds a document (clock) |");
        Console.WriteLine("|---|---:|---:|");
        var scans = Directory.GetFiles(Repository.At("tests/fixtures/documents/scans")).Where(path => Path.GetExtension(path) is ".pdf" or ".tif" or ".png" or ".jpg");
        var tools = await OcrTools.FindAsync(new OcrOptions(), CancellationToken.None);
        var reader = DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System, new ContentFields(), tools);
        foreach (var format in files.Concat(scans).GroupBy(path => (Path.GetFileName(Path.GetDirectoryName(path)), Path.GetExtension(path))))
        {
            var clock = Stopwatch.StartNew();
            var pages = 0;
            foreach (var path in format)
                await foreach (var reading in reader.ReadAsync(Document(path), _ => false, default))
                    pages += Math.Max(1, reading.Text?.Pages.Count ?? throw new InvalidOperationException($"{path}: {reading.Failure?.Reason}"));
            Console.WriteLine(FormattableString.Invariant($"| {format.Key.Item2}{(format.Key.Item1 == "scans" ? $" scans ({pages} pages)" : "")} | {format.Count()} | {clock.Elapsed.TotalSeconds / format.Count():F1} |"));
        }
    }

    // Processor time, not the clock's: other work on the machine does not count.
    private static async Task<(long Documents, long Characters, long Pages, double Seconds)> MeasureAsync(string[] paths)
    {
        // Once to warm up.
        foreach (var path in paths) await ReadAsync(path);
        var (documents, characters, pages) = (0L, 0L, 0L);
        var began = Environment.CpuUsage.TotalTime;
        do
        {
            foreach (var path in paths)
                foreach (var reading in await ReadAsync(path))
                    (documents, characters, pages) = (documents + 1, characters + (reading.Text?.Text.Length ?? 0), pages + (reading.Text?.Pages.Count ?? 0));
        }
        while (Environment.CpuUsage.TotalTime - began < Enough);

        return (documents, characters, pages, (Environment.CpuUsage.TotalTime - began).TotalSeconds);
    }

    private static Task<List<DocumentReading>> ReadAsync(string path) =>
        Reader.ReadAsync(Document(path), _ => false, default).ToListAsync().AsTask();

    private static Document Document(string path) => new(new DocumentId(Path.GetFileName(path), "1"), null, _ => ValueTask.FromResult<Stream>(File.OpenRead(path)));

    private static double Parse(string path)
    {
        var began = Environment.CpuUsage.TotalTime;
        using var pdf = UglyToad.PdfPig.PdfDocument.Open(path);
        foreach (var page in pdf.GetPages())
            if (page.Letters.Count < 0)
                throw new InvalidOperationException();
        return (Environment.CpuUsage.TotalTime - began).TotalSeconds;
    }

    // Through bash, which tells the processor time of a process that has ended.
    private static async Task<double> RunAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", "TIMEFORMAT='%U %S'; time \"$@\"", "bash", program, .. arguments]) { RedirectStandardError = true })!;
        var told = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        // qpdf gives 3 for warnings.
        if (process.ExitCode is not (0 or 3)) throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {told}");
        return told.Trim().Split('\n')[^1].Split(' ').Sum(seconds => double.Parse(seconds, System.Globalization.CultureInfo.InvariantCulture));
    }
}
