using System.Diagnostics;
using System.Runtime.CompilerServices;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Models.Onnx;
using BatchInference.Testing;

namespace BatchInference.Benchmarks;

/// <summary>
/// What reading costs a run over the demo archive: in processes of their own, as jobs do; in the same process; and not at all, its texts being held in memory. They take turns in one run.
/// What the first takes longer than the last is all that the model waits for texts or shares the processor with their reading.
/// </summary>
internal static class Isolation
{
    private const int Turns = 3;

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
        Console.WriteLine("turn   own processes s   same process s   read before s   own/same   own/before");
        var best = new double[3];
        Array.Fill(best, double.MaxValue);
        for (var turn = 1; turn <= Turns; turn++)
        {
            var seconds = new double[3];
            using (var isolated = RoadVersusBare.Reader(tools))
                seconds[0] = await OnceAsync(isolated, 0);
            seconds[1] = await OnceAsync(local, 1);
            seconds[2] = await OnceAsync(texts, 2);
            for (var kind = 0; kind < 3; kind++) best[kind] = Math.Min(best[kind], seconds[kind]);
            Print(FormattableString.Invariant($"{turn,4}"), seconds);

            async Task<double> OnceAsync(DocumentReader reader, int kind) => (await RoadVersusBare.RunAsync(model, variant, archive, folder, (3 * turn) + kind, reader)).Seconds;
        }

        Print("best", best);
        return 0;
    }

    private static void Print(string turn, double[] seconds) =>
        Console.WriteLine(FormattableString.Invariant($"{turn}{seconds[0],18:F1}{seconds[1],17:F1}{seconds[2],16:F1}{seconds[0] / seconds[1],11:F2}{seconds[0] / seconds[2],13:F2}"));

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
