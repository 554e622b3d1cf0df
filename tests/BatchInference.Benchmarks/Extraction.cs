using System.Diagnostics;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.Testing;

namespace BatchInference.Benchmarks;

/// <summary>How fast texts are got, on one core, by format; of PDF beside <c>pdftotext</c> (poppler-utils) on the same files in the same run. The files are the golden documents, each read again and again.</summary>
internal static class Extraction
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(2);
    private static readonly DocumentReader Reader = DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System);

    public static async Task<int> RunAsync()
    {
        var files = Directory.GetFiles(Repository.At("tests/fixtures/documents/files")).Where(path => !Path.GetFileName(path).StartsWith("locked", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();

        // One long document: starting a process for each small one would be most of what pdftotext does.
        using var folder = new TempFolder();
        var book = Path.Combine(folder, "book.pdf");
        string[] pdfs = [.. files.Where(path => path.EndsWith(".office.pdf", StringComparison.Ordinal) || path.EndsWith("pages.pdf", StringComparison.Ordinal) || path.EndsWith("columns.pdf", StringComparison.Ordinal))];
        await RunAsync("qpdf", ["--empty", "--pages", .. Enumerable.Range(0, 40).SelectMany(_ => pdfs), "--", book]);
        await RunAsync("pdftotext", [book, "/dev/null"]);
        var theirs = await RunAsync("pdftotext", [book, "/dev/null"]);
        var (read, _, pages, ours) = await MeasureAsync([book]);
        Parse(book);
        var parsing = Parse(book);
        var each = pages / read;
        Console.WriteLine(FormattableString.Invariant($"PDF of {each} pages, seconds of processor time: pdftotext {each / theirs:F0} pages/s, this program {pages / ours:F0} pages/s ({pages / ours / (each / theirs):F2} of it), PdfPig's letters alone {each / parsing:F0} pages/s."));
        Console.WriteLine();
        Console.WriteLine("| format | files | documents/s | characters/s |");
        Console.WriteLine("|---|---:|---:|---:|");
        foreach (var format in files.GroupBy(path => Path.GetExtension(path)))
        {
            string[] paths = [.. format];
            var (documents, characters, _, seconds) = await MeasureAsync(paths);
            Console.WriteLine(FormattableString.Invariant($"| {format.Key} | {paths.Length} | {documents / seconds:F0} | {characters / seconds:F0} |"));
        }

        return 0;
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
        Reader.ReadAsync(new Document(new DocumentId(Path.GetFileName(path), "1"), null, _ => ValueTask.FromResult<Stream>(File.OpenRead(path))), _ => false, default).ToListAsync().AsTask();

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
