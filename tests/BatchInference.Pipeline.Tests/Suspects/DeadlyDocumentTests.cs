using System.Diagnostics;
using System.IO.Compression;
using BatchInference.Pipeline.Results;
using BatchInference.Pipeline.Results.RowFormats;
using BatchInference.Testing;

namespace BatchInference.Pipeline.Tests;

/// <summary>Real processes that die of a document, and are started again as a service manager does.</summary>
public sealed class DeadlyDocumentTests : IDisposable
{
    private const string Reason =
        "This document brought the worker down 2 times while it was the only one in hand. It is set aside; 'batch-inference failures letters --retry' lets it be tried again.";

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("SPLIT")]
    [InlineData("INFER")]
    [InlineData("ASSEMBLE")]
    public async Task ADocumentThatBringsTheWorkerDownIsSetAsideAndEveryOtherIsDone(string stage)
    {
        Letters(40);
        folder.Write("archive/letter-17.txt", $"This one is DEADLY-TO-{stage} for whom it meets.");

        // In company first, then twice alone.
        (await StartUntilItStandsAsync()).ShouldBe(3);
        Rows().Select(row => row.Document).ShouldBe(Enumerable.Range(0, 40).Select(number => $"letter-{number:00}.txt"));
        var guilty = Rows().Single(row => row.Status == RowStatus.Failed);
        guilty.Document.ShouldBe("letter-17.txt");
        guilty.Error.ShouldBe(new("infer", Reason, Permanent: true));

        // It stays aside, until somebody asks for it, or it changes.
        (await StartUntilItStandsAsync()).ShouldBe(0);
        await using (var ledger = SqliteLedger.Open(folder["state"]))
            (await ledger.RetryAsync(new ResultScope("letters", new FolderSink(folder["results"]).Identity), default)).ShouldBe(1);
        (await StartUntilItStandsAsync()).ShouldBe(3);
        folder.Write("archive/letter-17.txt", "This one was mended, and harms nobody any more.");
        (await StartUntilItStandsAsync()).ShouldBe(0);
        Rows().Last(row => row.Document == "letter-17.txt").Status.ShouldBe(RowStatus.Completed);
    }

    [Fact]
    public async Task AMemberOfAContainerIsSetAsideAndTheOthersInItAreDone()
    {
        Letters(10);
        using (var file = File.Create(folder["archive/box.zip"]))
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create))
            for (var number = 0; number < 30; number++)
            {
                using var writer = new StreamWriter(zip.CreateEntry($"page-{number:00}.txt").Open());
                writer.Write(number is 7 ? "This page is DEADLY-TO-INFER for whom it meets." : $"Page {number} of the minutes. They are of the council.");
            }

        (await StartUntilItStandsAsync()).ShouldBe(3);
        var rows = Rows();
        rows.Select(row => row.Document).ShouldBe([.. Enumerable.Range(0, 30).Select(number => $"box.zip!/page-{number:00}.txt"), .. Enumerable.Range(0, 10).Select(number => $"letter-{number:00}.txt")]);
        rows.Where(row => row.Status == RowStatus.Failed).Select(row => (row.Document, row.Error!.Reason)).ShouldBe([("box.zip!/page-07.txt", Reason)]);
        (await StartUntilItStandsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task TwoDeadlyDocumentsAreBothFound()
    {
        Letters(20);
        folder.Write("archive/letter-03.txt", "This one is DEADLY-TO-INFER for whom it meets.");
        folder.Write("archive/letter-15.txt", "This one is DEADLY-TO-SPLIT for whom it meets.");
        (await StartUntilItStandsAsync()).ShouldBeInRange(5, 6);
        Rows().Where(row => row.Status == RowStatus.Failed).Select(row => row.Document).ShouldBe(["letter-03.txt", "letter-15.txt"]);
        Rows().Count.ShouldBe(20);
    }

    private void Letters(int count)
    {
        for (var number = 0; number < count; number++)
            folder.Write($"archive/letter-{number:00}.txt", $"Letter {number} to the mayor. It asks for a bench in the park. {number} people signed it.");
    }

    // Gives how often it fell before.
    private async Task<int> StartUntilItStandsAsync()
    {
        for (var falls = 0; falls < 12; falls++)
        {
            var start = new ProcessStartInfo("dotnet", [Repository.At(".artifacts/bin/BatchInference.FallibleWorker/release/BatchInference.FallibleWorker.dll"), folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            var (said, cried) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            if (process.ExitCode == 0)
                return falls;
            (await cried).ShouldContain("The native library wrote where it must not", customMessage: await said);
        }

        throw new InvalidOperationException("The worker fell again and again.");
    }

    private IReadOnlyList<ResultRow> Rows() =>
    [
        .. Directory.GetFiles(folder["results/jsonl"], "*.jsonl", SearchOption.AllDirectories)
            .SelectMany(path => JsonLines.ReadAsync(File.OpenRead(path), default).ToBlockingEnumerable())
            .OrderBy(row => row.Document, StringComparer.Ordinal).ThenBy(row => row.ProcessedAt),
    ];
}
