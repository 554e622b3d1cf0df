using System.Diagnostics;
using System.Globalization;
using BatchInference.Models.Batching;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;
using BatchInference.Models.Tokens;
using BatchInference.Testing;

namespace BatchInference.Benchmarks;

/// <summary>
/// Encoder tokens per second by size of batch, with and without threads that spin while they wait. The rows are those of an archive: mostly short documents, some of whole windows.
/// The settings take turns, and the best of several turns counts, so that what else the machine does weighs on all alike.
/// </summary>
internal static class Batches
{
    private const int Turns = 2;
    private static readonly int[] Budgets = [512, 1024, 1536, 4096];

    public static int Run(string variant)
    {
        var folder = ModelFolder.Open(Repository.At("config/models/multilingual-e5-small"));
        using var waiting = EncoderPass.Load(folder, variant, [], new OnnxOptions());
        using var spinning = EncoderPass.Load(folder, variant, [], new OnnxOptions { Spin = true });
        var rows = Rows(waiting);
        var tokens = rows.Sum(row => row.Ids.Length);
        Console.WriteLine(FormattableString.Invariant($"{waiting.Model}: {rows.Count} rows, {tokens} tokens, {Environment.ProcessorCount} cores, best of {Turns}"));
        var settings = Budgets.SelectMany(budget => new[] { (Budget: budget, Spins: false), (Budget: budget, Spins: true) }).ToArray();
        var best = settings.ToDictionary(setting => setting, _ => (Seconds: double.MaxValue, Cpu: 0.0, Allocated: 0L, Padding: 0.0));
        foreach (var turn in Enumerable.Range(0, Turns))
            foreach (var setting in settings)
                if (Measure(setting.Spins ? spinning : waiting, rows, setting.Budget) is var measured && measured.Seconds < best[setting].Seconds)
                    best[setting] = measured;
        Console.WriteLine("padded tokens   threads   tokens/s   CPU seconds   bytes allocated a token   padding");
        foreach (var (setting, found) in best)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{setting.Budget,13}{(setting.Spins ? "spin" : "wait"),10}{tokens / found.Seconds,11:F0}{found.Cpu,14:F1}{(double)found.Allocated / tokens,26:F1}{found.Padding,10:P0}"));
        return 0;
    }

    private static (double Seconds, double Cpu, long Allocated, double Padding) Measure(EncoderPass pass, List<TokenChunk> rows, int budget)
    {
        var batcher = new TokenBatcher<int>(new TokenBudget(budget, 256), int.MaxValue);
        foreach (var row in rows)
            batcher.Add(0, row);
        var (allocated, cpu, clock, padded) = (GC.GetTotalAllocatedBytes(), Environment.CpuUsage.TotalTime, Stopwatch.StartNew(), 0L);
        while (batcher.TryTake(flush: true, out _, out var batch))
        {
            padded += batch.PaddedTokens;
            pass.Infer(batch, CancellationToken.None);
        }

        return (clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds, GC.GetTotalAllocatedBytes() - allocated, (double)padded / rows.Sum(row => row.Ids.Length) - 1);
    }

    private static List<TokenChunk> Rows(EncoderPass pass)
    {
        var sentences = File.ReadLines(Repository.At("tests/fixtures/topics/train.fr.csv")).Skip(1).Take(150).ToArray();
        var rows = sentences.SelectMany(sentence => pass.Split(sentence, "fr").Chunks).ToList();
        for (var first = 0; first + 15 <= sentences.Length; first += 15)
            rows.AddRange(pass.Split(string.Join('\n', sentences.Skip(first).Take(15)), "fr").Chunks);
        return rows;
    }
}
