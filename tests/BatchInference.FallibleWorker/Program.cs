using System.Security.Cryptography;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.FallibleWorker;
using BatchInference.Pipeline;
using BatchInference.Pipeline.Results;
using BatchInference.Testing;

// One run over <folder>/archive, as the program would do it, with a model that may bring the process down: fallible-worker <folder>
var folder = args[0];
var now = TimeProvider.System.GetUtcNow();
await using var ledger = SqliteLedger.Open(Path.Combine(folder, "state"));
var plan = Some.Plan() with { Run = RunId.New(now, (ushort)RandomNumberGenerator.GetInt32(65536)), RunDate = DateOnly.FromDateTime(now.UtcDateTime), ShardDocuments = 8 };
var run = new BatchRun(
    plan, new FolderSource(Path.Combine(folder, "archive"), NameFilter.All), DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System),
    () => [new FallingPass()], new FolderSink(Path.Combine(folder, "results")), ledger)
{
    StateFolder = Path.Combine(folder, "state"),
};
var report = await run.RunAsync(CancellationToken.None, CancellationToken.None);
Console.WriteLine($"{report.End} {report.Reason}");
return report.End == RunEnd.Complete ? 0 : 1;
