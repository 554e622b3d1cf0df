using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Models.Onnx;
using BatchInference.Testing;

namespace BatchInference.Benchmarks;

/// <summary>
/// What reading costs a run over the demo archive: in processes of their own, as jobs do; in the same process; and not at all, its texts being held in memory. They take turns in one run.
/// What the first takes longer than the last is all that the model waits for texts or shares the processor with their reading; the time between batches, from the first to the end of the last, is what it waits.
/// Processor time of this process and all it started counts beside the clock's, which other work on the machine disturbs.
/// </summary>
internal static class Isolation
{
    private const int Turns = 2;

    private static int runs;

    public static async Task<int> RunAsync(string variant)
    {
        using var folder = new TempFolder();
        var model = ModelFolder.Open(Repository.At("config/models/multilingual-e5-small"));
        var archive = Repository.At("config/demo/documents");
        var tools = await OcrTools.FindAsync(new OcrOptions(), CancellationToken.None);
        var local = DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System, new ContentFields(), tools);
        var clock = Stopwatch.StartNew();
        var texts = await ReadBefore.OfAsync(new FolderSource(archive, NameFilter.All), local);
        Console.WriteLine(FormattableString.Invariant($"{texts.Documents} documents listed, {texts.Readings} readings; read alone, one after the other: {clock.Elapsed.TotalSeconds:F1} s"));
        Console.WriteLine("turn   documents are read      clock s   processor s   model works s   waits s   when");
        for (var turn = 1; turn <= Turns; turn++)
        {
            using (var isolated = RoadVersusBare.Reader(tools))
                await PrintAsync(turn, "in own processes", isolated);
            await PrintAsync(turn, "in the same process", local);
            await PrintAsync(turn, "before the run", texts);
        }

        return 0;

        async Task PrintAsync(int turn, string how, DocumentReader reader)
        {
            var before = ProcessorSeconds();
            using var batches = new BatchTimes();
            var (_, seconds) = await RoadVersusBare.RunAsync(model, variant, archive, folder, ++runs, reader);
            // The reading processes end, so that the kernel counts theirs.
            (reader as IDisposable)?.Dispose();
            Console.WriteLine(FormattableString.Invariant($"{turn,4}   {how,-20}{seconds,12:F1}{ProcessorSeconds() - before,14:F1}{batches.Work,16:F1}{batches.Wait,10:F2}   {string.Join(", ", batches.Waits.Select(wait => FormattableString.Invariant($"{wait.Seconds:F2} after {wait.At:F1}")))}"));
        }
    }

    // Of this process and of all that it started and that has ended: proc(5), fields 14 to 17, in hundredths.
    private static double ProcessorSeconds() =>
        File.ReadAllText("/proc/self/stat").Split(") ")[^1].Split(' ')[11..15].Sum(ticks => double.Parse(ticks, System.Globalization.CultureInfo.InvariantCulture)) / 100;

    /// <summary>How long the model worked, and how long it did nothing between its first batch and its last.</summary>
    private sealed class BatchTimes : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private readonly List<(double At, double Seconds)> waits = [];
        private double? first;
        private double last;

        public BatchTimes()
        {
            listener.InstrumentPublished = (instrument, heard) =>
            {
                if (instrument.Name == "batch_inference.batch.duration") heard.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<double>((_, seconds, _, _) =>
            {
                var began = clock.Elapsed.TotalSeconds - seconds;
                if (first is not null && began - last > 0.05) waits.Add((last - first.Value, began - last));
                first ??= began;
                last = began + seconds;
                Work += seconds;
            });
            listener.Start();
        }

        public double Work { get; private set; }

        /// <summary>Where it waited for longer than a twentieth of a second: after how many seconds from its first batch, and how long.</summary>
        public IReadOnlyList<(double At, double Seconds)> Waits => waits;

        public double Wait => last - (first ?? 0) - Work;

        public void Dispose() => listener.Dispose();
    }

    /// <summary>Gives what another reader read.</summary>
    private sealed class ReadBefore(DocumentReader reader, IReadOnlyDictionary<string, IReadOnlyList<DocumentReading>> readings) : DocumentReader
    {
        public override string Fingerprint => reader.Fingerprint;

        public int Documents => readings.Count;

        public int Readings => readings.Values.Sum(one => one.Count);

        public static async Task<ReadBefore> OfAsync(DocumentSource source, DocumentReader reader)
        {
            var readings = new Dictionary<string, IReadOnlyList<DocumentReading>>(StringComparer.Ordinal);
            await foreach (var document in source.ListAsync(default))
                readings[document.Id.Path] = await reader.ReadAsync(document, _ => false, default).ToListAsync();
            return new ReadBefore(reader, readings);
        }

        public override async IAsyncEnumerable<DocumentReading> ReadAsync(Document document, Func<string, bool> isKnown, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            foreach (var reading in readings[document.Id.Path])
                yield return reading;
            await Task.CompletedTask;
        }
    }
}
