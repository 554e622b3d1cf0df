using System.Diagnostics;
using System.Diagnostics.Metrics;
using BatchInference.Models.Batching;

namespace BatchInference.Pipeline;

/// <summary>Every metric and span of the pipeline.</summary>
public static class Telemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "BatchInference";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Documents = Meter.CreateCounter<long>("batch_inference.documents", "{document}", "Documents that left a run.");
    private static readonly Counter<long> Tokens = Meter.CreateCounter<long>("batch_inference.tokens", "{token}", "Tokens inferred, without padding.");
    private static readonly Counter<long> PaddedTokens = Meter.CreateCounter<long>("batch_inference.padded_tokens", "{token}", "Tokens inferred, with padding.");
    private static readonly Histogram<double> BatchDuration = Meter.CreateHistogram<double>("batch_inference.batch.duration", "s", "Time of one batch in the model.");
    private static readonly Histogram<double> PublishDuration = Meter.CreateHistogram<double>("batch_inference.publish.duration", "s", "Time to publish and record one part.");

    internal static ActivitySource Activities { get; } = new(Name);

    internal static void Finished(string job, DocumentOutcome outcome) => Documents.Add(1,
        new KeyValuePair<string, object?>("job", job),
        new KeyValuePair<string, object?>("outcome", outcome.Kind.ToString().ToLowerInvariant()),
        new KeyValuePair<string, object?>("stage", outcome.Failure?.Stage ?? "none"));

    internal static void Inferred(string model, TokenBatch batch, TimeSpan duration)
    {
        var tag = new KeyValuePair<string, object?>("model", model);
        Tokens.Add(batch.Rows.Sum(row => (long)row.Ids.Length), tag);
        PaddedTokens.Add(batch.PaddedTokens, tag);
        BatchDuration.Record(duration.TotalSeconds, tag);
    }

    internal static void Published(string job, TimeSpan duration) => PublishDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("job", job));
}
