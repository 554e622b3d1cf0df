using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Pipeline;
using BatchInference.Pipeline.Results;
using BatchInference.Testing;

namespace BatchInference.Benchmarks;

/// <summary>What the books cost: a night that records many documents, and the next one, which finds nothing new among them. The listing is generated, the models are never loaded.</summary>
internal static class LedgerNights
{
    private const int ShardDocuments = 500;

    public static async Task<int> RunAsync(int documents)
    {
        using var folder = new TempFolder();
        await using var ledger = SqliteLedger.Open(folder);
        var sink = new MemorySink("memory:/results/bench");
        var reader = new LocalDocumentReader([], [], OcrTools.None, new ExtractionLimits(), TimeProvider.System);
        var source = new GeneratedSource(documents);
        Console.WriteLine(FormattableString.Invariant($"{documents} documents in shards of {ShardDocuments}, SQLite, {Environment.ProcessorCount} cores"));

        var clock = Stopwatch.StartNew();
        await SettleAllAsync(ledger, sink, source, reader.Fingerprint);
        Console.WriteLine(FormattableString.Invariant($"recorded                {clock.Elapsed.TotalSeconds,8:F1} s  {documents / clock.Elapsed.TotalSeconds,10:F0} documents/s"));
        Console.WriteLine(FormattableString.Invariant($"ledger file             {new FileInfo(folder["ledger.db"]).Length / 1e6,8:F0} MB"));

        var before = Process.GetCurrentProcess().PeakWorkingSet64;
        clock.Restart();
        var run = new BatchRun(Plan(1), source, reader, () => throw new InvalidOperationException("A night without work loads no model."), sink, ledger);
        var report = await run.RunAsync(CancellationToken.None, CancellationToken.None);
        var seconds = clock.Elapsed.TotalSeconds;
        if (!report.NothingToDo || report.Counts.Listed != documents || report.Warnings.Count > 0)
            throw new InvalidOperationException($"The second night ended {report.End} with {report.Counts}: {report.Reason} {string.Join(' ', report.Warnings)}");
        Console.WriteLine(FormattableString.Invariant($"second night, unchanged {seconds,8:F1} s  {documents / seconds,10:F0} documents/s"));
        Console.WriteLine(FormattableString.Invariant($"peak of memory above that of the first night: {(Process.GetCurrentProcess().PeakWorkingSet64 - before) / 1e6:F0} MB"));

        clock.Restart();
        await ledger.BackUpAsync(folder["backup.db"], CancellationToken.None);
        Console.WriteLine(FormattableString.Invariant($"backup, verified        {clock.Elapsed.TotalSeconds,8:F1} s"));
        return 0;
    }

    private static async Task SettleAllAsync(Ledger ledger, MemorySink sink, DocumentSource source, string extraction)
    {
        var plan = Plan(0);
        var run = new RunRecord
        {
            Run = plan.Run, Scope = new ResultScope(plan.Job, sink.Identity), RunDate = plan.RunDate, Started = Some.Evening,
            Work = plan.WorkFingerprint, Extraction = extraction, Header = RunHeader.Of(plan, source.Description).ToJson(),
        };
        await ledger.BeginAsync(run, CancellationToken.None);
        var shard = 0;
        await foreach (var documents in source.ListAsync(CancellationToken.None).Chunked(ShardDocuments))
        {
            var part = Some.Part(run, shard++, documents.Count);
            sink.Put(PartNames.Of(PartNames.Jsonl, part), "");
            await ledger.SettleAsync(new Settlement(run.Run, part, [.. documents.Select(one => new SettledRow(one.Id.Path, one.Id.Version, Some.Sha256(shard), RowStatus.Completed))], [], []), CancellationToken.None);
        }

        await ledger.EndAsync(run.Run, new RunEnding(Some.Evening, RunEnd.Complete, null, new RunCounts(), 0, HasFolder: true), CancellationToken.None);
    }

    private static RunPlan Plan(int night) => Some.Plan(night) with { Job = "bench", ShardDocuments = ShardDocuments };

    private sealed class GeneratedSource(int documents) : DocumentSource
    {
        public override string Description => "memory:/generated";

        public override async IAsyncEnumerable<Document> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            for (var number = 0; number < documents; number++)
            {
                var path = string.Create(CultureInfo.InvariantCulture, $"dépôts/{number / 1000:D6}/dossier-{number:D9}.pdf");
                yield return Listed(new DocumentId(path, "184233-20260312T091512.4410000Z"), 184_233);
            }
        }

        public override Document Listed(DocumentId id, long? length) => new(id, length, _ => throw new InvalidOperationException("A settled document is not opened."));
    }
}
