using System.Diagnostics;
using System.Diagnostics.Metrics;
using BatchInference.Pipeline;

namespace BatchInference.Worker;

/// <summary>Every metric and span of the service, beside those of the pipeline (<see cref="Pipeline.Telemetry"/>) and the gauges of <see cref="Watching.ServiceGauges"/>.</summary>
internal static class Telemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "BatchInference.Worker";

    /// <summary>Name of the activity source that tells of each document that is read.</summary>
    public const string DocumentsName = "BatchInference.Worker.Documents";

    /// <summary>Attributes; why they have the program's name stands with the pipeline's.</summary>
    public const string Job = "batch_inference.job", End = "batch_inference.end", Storage = "batch_inference.storage";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Retries = Meter.CreateCounter<long>("batch_inference.storage.retries", "{retry}", "Operations of a storage that were tried again, beyond what its client tries by itself.");
    private static readonly Gauge<int> Breaker = Meter.CreateGauge<int>("batch_inference.storage.breaker.state", description: "Circuit breaker of a storage: 0 closed, 1 asked again, 2 open (the job pauses).");
    private static readonly Histogram<double> RunDuration = Meter.CreateHistogram(
        "batch_inference.run.duration", "s", "Time of a run.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [10, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200] });

    /// <summary>Lists, creates, removes.</summary>
    public static ActivitySource Operations { get; } = new(Name);

    /// <summary>Reads a document.</summary>
    public static ActivitySource Documents { get; } = new(DocumentsName);

    public static void Retried(string storage) => Retries.Add(1, new KeyValuePair<string, object?>(Storage, storage));

    public static void BreakerIs(string storage, BreakerState state) => Breaker.Record((int)state, new KeyValuePair<string, object?>(Storage, storage));

    public static void Ran(string job, RunEnd end, TimeSpan duration) => RunDuration.Record(
        duration.TotalSeconds, new KeyValuePair<string, object?>(Job, job), new KeyValuePair<string, object?>(End, end.ToString().ToLowerInvariant()));
}

/// <summary>State of the circuit breaker of a storage.</summary>
internal enum BreakerState
{
    Closed,
    HalfOpen,
    Open,
}
