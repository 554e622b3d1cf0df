using System.Diagnostics;
using System.Diagnostics.Metrics;
using BatchInference.Models.Batching;

namespace BatchInference.Pipeline;

/// <summary>Every metric and span of the pipeline. Names of jobs and models, numbers of shards; never the text of a document.</summary>
public static class Telemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "BatchInference";

    // Prometheus has a label `job` of its own, so attributes have the program's name before theirs, as OpenTelemetry asks of all that it does not define.
    private const string Job = "batch_inference.job", Model = "batch_inference.model", Outcome = "batch_inference.outcome", Stage = "batch_inference.stage", Run = "batch_inference.run", ShardNumber = "batch_inference.shard", Awaited = "batch_inference.awaited";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Documents = Meter.CreateCounter<long>("batch_inference.documents", "{document}", "Documents that left a run, by what became of them.");
    private static readonly Counter<long> Tokens = Meter.CreateCounter<long>("batch_inference.tokens", "{token}", "Tokens inferred, without padding.");
    private static readonly Counter<long> PaddedTokens = Meter.CreateCounter<long>("batch_inference.padded_tokens", "{token}", "Tokens inferred, with padding.");
    private static readonly UpDownCounter<long> QueuedTokens = Meter.CreateUpDownCounter<long>("batch_inference.queue.tokens", "{token}", "Tokens of documents that were read and wait for the model.");
    private static readonly Histogram<double> BatchDuration = Meter.CreateHistogram("batch_inference.batch.duration", "s", "Time of one batch in the model.", advice: Buckets(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60));
    private static readonly Histogram<double> PublishDuration = Meter.CreateHistogram("batch_inference.publish.duration", "s", "Time to publish and record one part.", advice: Buckets(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300));
    private static readonly Counter<long> Retries = Meter.CreateCounter<long>("batch_inference.retries", "{document}", "Documents that a run tried again after a temporary failure.");
    private static readonly UpDownCounter<long> ModelBreakers = Meter.CreateUpDownCounter<long>("batch_inference.model.breakers_open", "{model}", "Models that answered in a run and answer no more; 1 while a run waits for one.");
    private static readonly Histogram<double> ModelSilence = Meter.CreateHistogram<double>("batch_inference.model.silence.duration", "s", "Time until a model that no longer answered did again.");
    private static readonly Histogram<double> PauseDuration = Meter.CreateHistogram<double>("batch_inference.pause.duration", "s", "Time that a run waited for something outside: a storage, the output, a model.");

    private static readonly ActivitySource Activities = new(Name);

    internal static Activity? RunSpan(string job, RunId run) => Activities.StartActivity("run")?.SetTag(Job, job).SetTag(Run, run.ToString());

    /// <summary>A shard from its first document to its record. Shards stand beside each other below their run, so this one does not become the current span.</summary>
    internal static Activity? ShardSpan(RunId run, int shard)
    {
        var above = Activity.Current;
        var span = Activities.StartActivity("shard")?.SetTag(Run, run.ToString()).SetTag(ShardNumber, shard);
        Activity.Current = above;
        return span;
    }

    internal static Activity? PublishSpan(RunId run, int shard) => Activities.StartActivity("publish part")?.SetTag(Run, run.ToString()).SetTag(ShardNumber, shard);

    internal static void Finished(string job, DocumentOutcome outcome) => Documents.Add(1,
        new KeyValuePair<string, object?>(Job, job),
        new KeyValuePair<string, object?>(Outcome, outcome.Kind.ToString().ToLowerInvariant()),
        new KeyValuePair<string, object?>(Stage, outcome.Failure?.Stage ?? "none"));

    internal static void Queued(long tokens) => QueuedTokens.Add(tokens);

    internal static void Inferred(string model, TokenBatch batch, TimeSpan duration)
    {
        var tag = new KeyValuePair<string, object?>(Model, model);
        Tokens.Add(batch.Rows.Sum(row => (long)row.Ids.Length), tag);
        PaddedTokens.Add(batch.PaddedTokens, tag);
        BatchDuration.Record(duration.TotalSeconds, tag);
    }

    internal static void TriedAgain(string job, string stage) => Retries.Add(1, new KeyValuePair<string, object?>(Job, job), new KeyValuePair<string, object?>(Stage, stage));

    internal static void ModelSilent(string model) => ModelBreakers.Add(1, new KeyValuePair<string, object?>(Model, model));

    internal static void ModelAnswers(string model, TimeSpan silence) => ModelSilence.Record(silence.TotalSeconds, new KeyValuePair<string, object?>(Model, model));

    internal static void ModelAsked(string model) => ModelBreakers.Add(-1, new KeyValuePair<string, object?>(Model, model));

    internal static void Paused(string awaited, TimeSpan duration) => PauseDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>(Awaited, awaited));

    internal static void Published(string job, TimeSpan duration) => PublishDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>(Job, job));

    private static InstrumentAdvice<double> Buckets(params double[] bounds) => new() { HistogramBucketBoundaries = bounds };
}
