using System.Diagnostics;
using System.Text.Json.Nodes;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Isolation;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Models.Labels;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;
using BatchInference.Models.Tasks;
using BatchInference.Pipeline;
using BatchInference.Pipeline.Results;
using BatchInference.Testing;
using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Benchmarks;

/// <summary>
/// Encoder tokens per second of a whole run (listing, reading, extracting, splitting, inferring, summarising, writing all formats, ledger) against a bare loop of ONNX Runtime
/// over ready, length-sorted batches of the same tokens, with the same session options in the same process. Both take turns; the best of each counts, beside the ratio of each turn.
/// </summary>
internal static class RoadVersusBare
{
    private const int Turns = 3, Documents = 250;

    public static async Task<int> RunAsync(string variant)
    {
        using var folder = new TempFolder();
        SyntheticArchive.Write(folder["archive"], Documents);
        var model = ModelFolder.Open(Repository.At("config/models/multilingual-e5-small"));
        var rows = Rows(model, variant, folder["archive"]);
        var tokens = rows.Sum(row => (long)row.Length);
        Console.WriteLine(FormattableString.Invariant($"{model.Name}/{variant}: {Documents} documents, {rows.Count} windows, {tokens} tokens, {Environment.ProcessorCount} cores"));
        Console.WriteLine("turn   bare tokens/s   road tokens/s   ratio");
        var (bestBare, bestRoad) = (0.0, 0.0);
        for (var turn = 1; turn <= Turns; turn++)
        {
            var bare = tokens / Bare(model, variant, rows);
            var road = tokens / await RoadAsync(model, variant, folder, turn);
            (bestBare, bestRoad) = (Math.Max(bare, bestBare), Math.Max(road, bestRoad));
            Console.WriteLine(FormattableString.Invariant($"{turn,4}{bare,16:F0}{road,16:F0}{road / bare,8:F2}"));
        }

        Console.WriteLine(FormattableString.Invariant($"best{bestBare,16:F0}{bestRoad,16:F0}{bestRoad / bestBare,8:F2}"));
        return 0;
    }

    // The windows that the run will read, as ids.
    private static List<int[]> Rows(ModelFolder model, string variant, string archive)
    {
        using var pass = EncoderPass.Load(model, variant, [], new OnnxOptions());
        return [.. Directory.GetFiles(archive, "*.txt", SearchOption.AllDirectories).SelectMany(path => pass.Split(File.ReadAllText(path), null).Chunks).Select(chunk => chunk.Ids.ToArray()).OrderBy(row => row.Length)];
    }

    // Nothing but the library: loading the session counts, as it does on the road.
    private static double Bare(ModelFolder model, string variant, List<int[]> rows)
    {
        var clock = Stopwatch.StartNew();
        using var options = ExecutionProviders.Open(new OnnxOptions());
        using var session = new InferenceSession(model.At($"onnx/model_{variant}.onnx"), options);
        using var run = new RunOptions();
        for (var first = 0; first < rows.Count;)
        {
            var count = 1;
            while (first + count < rows.Count && (count + 1) * rows[first + count].Length <= EncoderPassBudget)
                count++;
            var length = rows[first + count - 1].Length;
            var (ids, mask, types) = (new long[count * length], new long[count * length], new long[count * length]);
            for (var row = 0; row < count; row++)
                for (var at = 0; at < length; at++)
                {
                    var real = at < rows[first + row].Length;
                    ids[row * length + at] = real ? rows[first + row][at] : 0;
                    mask[row * length + at] = real ? 1 : 0;
                }

            var given = new Dictionary<string, long[]> { ["input_ids"] = ids, ["attention_mask"] = mask, ["token_type_ids"] = types };
            var inputs = session.InputNames.ToDictionary(name => name, name => OrtValue.CreateTensorValueFromMemory(given[name], [count, length]));
            using (session.Run(run, inputs, ["last_hidden_state"]))
                first += count;
            foreach (var input in inputs.Values)
                input.Dispose();
        }

        return clock.Elapsed.TotalSeconds;
    }

    private static async Task<double> RoadAsync(ModelFolder model, string variant, TempFolder folder, int turn)
    {
        using var reader = Reader();
        var (report, seconds) = await RunAsync(model, variant, folder["archive"], folder, turn, reader);
        return report.Counts.Completed == Documents ? seconds : throw new InvalidOperationException($"The run completed {report.Counts.Completed} of {Documents} documents.");
    }

    /// <summary>A whole run with a topic and a summary, and how many seconds it took.</summary>
    internal static async Task<(RunReport Report, double Seconds)> RunAsync(ModelFolder model, string variant, string archive, TempFolder folder, int turn, DocumentReader reader)
    {
        var options = new OnnxOptions();
        using var encoder = TextEncoder.Of(model, variant, options);
        IReadOnlyList<EncoderTask> tasks =
        [
            new ClassificationTask("topic", LabelSet.Load(Repository.At("config/labels/topics")).Classifier(encoder)),
            ExtractiveSummaryTask.Load("summary", model, SummaryLimit.OfSentences(2)),
        ];
        var planned = new PlannedPass($"{model.Name}/{variant}", EncoderPass.FingerprintOf(model, variant, options.Provider, tasks), [new("topic", TaskKind.Classification), new("summary", TaskKind.Summary)]);
        var plan = new RunPlan
        {
            Job = "bench", Run = RunId.New(Some.Evening.AddDays(turn), (ushort)turn), RunDate = new DateOnly(2026, 11, 23), Passes = [planned], Configuration = new JsonObject(), ConfigurationHash = "", ProgramVersion = "bench",
            Formats = new OutputFormats { Parquet = true, Csv = new CsvFormat() },
        };
        await using var ledger = SqliteLedger.Open(folder[$"state-{turn}"]);
        EncoderPass? pass = null;
        var clock = Stopwatch.StartNew();
        var run = new BatchRun(
            plan, new FolderSource(archive, NameFilter.All), reader,
            () => [pass = EncoderPass.Load(model, variant, tasks, options)], new FolderSink(folder[$"results-{turn}"]), ledger);
        var report = await run.RunAsync(CancellationToken.None, CancellationToken.None);
        pass?.Dispose();
        return report.End == RunEnd.Complete ? (report, clock.Elapsed.TotalSeconds) : throw new InvalidOperationException($"The run ended {report.End}: {report.Reason}");
    }

    // As in jobs: in processes of the published program.
    internal static IsolatedDocumentReader Reader(OcrTools? tools = null)
    {
        var host = new HostSettings(new ExtractionLimits(), tools ?? OcrTools.None, new ContentFields(), 1L << 30);
        var program = new HostCommand(Repository.At(".artifacts/publish/BatchInference.Worker/release/batch-inference"), ["extraction-host"]);
        return new IsolatedDocumentReader(program, DocumentReader.Standard(host.Limits, TimeProvider.System, host.Fields, host.Tools), host, new IsolationLimits { Memory = host.Memory }, TimeProvider.System);
    }

    // As EncoderPass on a processor.
    private const int EncoderPassBudget = 1024;
}
