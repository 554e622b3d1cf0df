using System.Diagnostics;
using BatchInference.Documents.Extraction;
using BatchInference.Pipeline;
using BatchInference.Testing;

namespace BatchInference.Benchmarks;

/// <summary>
/// What it costs to keep on this machine what the next start needs: the journal of rows, and the file that says what is in hand. The model costs nothing here and its batches hold two documents,
/// so that the road alone is measured; both kinds of run take turns, and the processor's time counts, since the machine may have other work.
/// </summary>
internal static class Durability
{
    private const int Turns = 5;

    public static async Task<int> RunAsync(int documents)
    {
        var source = new MemorySource();
        for (var number = 0; number < documents; number++)
            source.Put($"letter-{number:000000}", $"Letter {number} to the mayor. It asks for a bench in the park. {number} people signed it.");
        Console.WriteLine(FormattableString.Invariant($"{documents} documents of 17 words, shards of 500, {Environment.ProcessorCount} cores; microseconds of processor (and of time) a document"));
        Console.WriteLine("turn     keeping nothing    keeping journal and names    difference");
        var best = (Nothing: double.MaxValue, All: double.MaxValue);
        for (var turn = 0; turn < Turns; turn++)
        {
            var nothing = await NightAsync(source, documents, keeps: false);
            var all = await NightAsync(source, documents, keeps: true);
            best = (Math.Min(best.Nothing, nothing.Processor), Math.Min(best.All, all.Processor));
            Console.WriteLine(FormattableString.Invariant($"{turn + 1,4}{nothing.Processor,14:F0} ({nothing.Time:F0}){all.Processor,24:F0} ({all.Time:F0}){all.Processor - nothing.Processor,14:F0}"));
        }

        Console.WriteLine(FormattableString.Invariant($"best{best.Nothing,14:F0}{best.All,31:F0}{best.All - best.Nothing,21:F0}"));
        return 0;
    }

    private static async Task<(double Processor, double Time)> NightAsync(MemorySource source, int documents, bool keeps)
    {
        using var folder = new TempFolder();
        await using var ledger = SqliteLedger.Open(folder["state"]);
        var reader = DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System);
        using var self = Process.GetCurrentProcess();
        var (processor, clock) = (self.TotalProcessorTime, Stopwatch.StartNew());
        var report = await new BatchRun(Some.Plan() with { ShardDocuments = 500 }, source, reader, () => [new ScriptedPass()], new MemorySink(), ledger) { StateFolder = keeps ? folder["state"] : null }
            .RunAsync(CancellationToken.None, CancellationToken.None);
        if (report.Counts.Completed != documents)
            throw new InvalidOperationException($"The run ended {report.End} with {report.Counts.Completed} documents: {report.Reason}");
        self.Refresh();
        return ((self.TotalProcessorTime - processor).TotalMicroseconds / documents, clock.Elapsed.TotalMicroseconds / documents);
    }
}
