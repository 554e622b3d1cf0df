using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Pipeline;
using BatchInference.Testing;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Health;
using BatchInference.Worker.Jobs.Storages;
using BatchInference.Worker.Watching;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace BatchInference.Worker.Tests.Watching;

/// <summary>What Prometheus reads, parsed by the rules of its text format. The meters are of the process: who measures beside it would be read too, and is in its collection.</summary>
[Collection("meters")]
public sealed partial class PrometheusTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task ARunIsSeenInTheMetricsAndTheDashboardAsksForNoneThatThereIsNot()
    {
        var settings = new AppSettings { Health = new HealthSettings { Listen = "127.0.0.1:1" }, Telemetry = new TelemetrySettings { PrometheusFile = folder["metrics.prom"], Seconds = 3600 } };
        using var outputs = TelemetryOutputs.Open(settings, new GivenSecrets(_ => null), asService: true, NullLogger.Instance);
        await using var ledger = SqliteLedger.Open(folder["state"]);
        var progress = new RunProgress(TimeProvider.System);
        using var gauges = await GaugesAsync(ledger, progress);
        folder.Write("archive/one.txt", "The council met in the evening. It spoke of the school.");
        folder.Write("archive/two.txt", "POISON");
        folder.Write("archive/none.txt", "");
        var reader = DocumentReader.Standard(new ExtractionLimits(), TimeProvider.System, tools: OcrTools.None);
        (await new BatchRun(Some.Plan(), new FolderSource(folder["archive"], NameFilter.All), reader, () => [new ScriptedPass()], new MemorySink(), ledger) { Progress = progress }.RunAsync(CancellationToken.None, CancellationToken.None))
            .End.ShouldBe(RunEnd.Complete);
        Telemetry.Ran("letters", RunEnd.Complete, TimeSpan.FromSeconds(100));
        await RetryAsync();
        BadNight.Measure();
        await Last!.LookAsync(CancellationToken.None);

        var metrics = Parse(outputs.Prometheus()!);
        metrics["batch_inference_documents_total"].ShouldContain(sample => sample.Labels.Contains("batch_inference_outcome=\"completed\"", StringComparison.Ordinal) && sample.Labels.Contains("batch_inference_job=\"letters\"", StringComparison.Ordinal) && sample.Value >= 1);
        metrics["batch_inference_documents_total"].ShouldContain(sample => sample.Labels.Contains("batch_inference_stage=\"extract\"", StringComparison.Ordinal));
        metrics["batch_inference_tokens_total"].Sum(sample => sample.Value).ShouldBeGreaterThan(9);
        metrics["batch_inference_batch_duration_seconds_bucket"].ShouldContain(sample => sample.Labels.EndsWith("le=\"+Inf\"", StringComparison.Ordinal) && sample.Value >= 1);
        metrics["batch_inference_run_duration_seconds_count"].ShouldNotBeEmpty();
        metrics["batch_inference_run_remaining"].ShouldHaveSingleItem().Value.ShouldBe(0);
        metrics["batch_inference_run_last_failed_documents"].ShouldHaveSingleItem().Value.ShouldBe(2);
        metrics["batch_inference_run_last_success_timestamp_seconds"].ShouldHaveSingleItem().Value.ShouldBeGreaterThan(1_700_000_000);
        metrics["batch_inference_storage_retries_total"].ShouldHaveSingleItem().Labels.ShouldBe("batch_inference_storage=\"the container deposits\"");
        metrics["batch_inference_storage_breaker_state"].ShouldHaveSingleItem().Value.ShouldBe(0);
        metrics["batch_inference_service_ready"].ShouldHaveSingleItem();
        metrics["batch_inference_next_opening_timestamp_seconds"].ShouldHaveSingleItem();

        var asked = Queries().SelectMany(query => Metric().Matches(Braces().Replace(query, "")).Select(match => match.Value)).ToHashSet();
        asked.Count.ShouldBeGreaterThan(15);
        asked.Where(name => !metrics.ContainsKey(name)).ShouldBeEmpty();
        // Nor is there one that it leaves out; that the service lives is for probes.
        metrics.Keys.Where(name => name.StartsWith("batch_inference_", StringComparison.Ordinal)).Select(Whole).Distinct().Except(asked.Select(Whole)).ShouldBe(["batch_inference_service_live"]);

        // The file says the same when the program ends.
        outputs.Dispose();
        Parse(File.ReadAllText(folder["metrics.prom"])).Keys.ShouldBe(metrics.Keys, ignoreOrder: true);
        Directory.GetFiles(folder, "metrics*").ShouldHaveSingleItem();
    }

    [Fact]
    public void NamesAndLabelsMayHoldAnything()
    {
        using var meter = new Meter("odd");
        var text = "";
        using (var provider = Sdk.CreateMeterProviderBuilder().AddMeter("odd").AddReader(new BaseExportingMetricReader(new PrometheusText(told => text = told))).Build())
        {
            meter.CreateCounter<long>("a.b-c", "By", "A \\ and\na break").Add(5, new KeyValuePair<string, object?>("x.y", "q\"uo\\te\nnew line"));
            meter.CreateObservableGauge("half", () => double.PositiveInfinity);
            provider.ForceFlush();
        }

        text.ShouldBe("# HELP a_b_c_bytes_total A \\\\ and a break\n# TYPE a_b_c_bytes_total counter\na_b_c_bytes_total{x_y=\"q\\\"uo\\\\te\\nnew line\"} 5\n# HELP half \n# TYPE half gauge\nhalf +Inf\n");
    }

    [Fact]
    public void WithoutAnyOfItNothingIsMeasured()
    {
        using var outputs = TelemetryOutputs.Open(new AppSettings(), new GivenSecrets(_ => null), asService: true, NullLogger.Instance);
        outputs.Prometheus().ShouldBeNull();
    }

    private LastRuns? Last { get; set; }

    private async Task<ServiceGauges> GaugesAsync(SqliteLedger ledger, RunProgress progress)
    {
        folder.Write("config/appsettings.json", "{}");
        folder.Write("config/jobs/letters.json", """{ "schedule": [ { "opens": "20:00", "closes": "06:00" } ], "source": { "folder": { "path": "docs" } }, "tasks": { "topic": { "classify": { "labels": "topics" } } }, "output": { "folder": "out" } }""");
        var current = new CurrentConfiguration(WorkerConfiguration.Read(folder["config"], folder["state"], folder["program"], new Dictionary<string, string>()));
        Last = new LastRuns(current, ledger, Commands.Surroundings.OfProcess(), NullLogger<LastRuns>.Instance);
        await Last.LookAsync(CancellationToken.None);
        var runs = new ActiveRuns();
        runs.Begin("letters", progress);
        var health = new ServiceHealth(TimeProvider.System);
        return new ServiceGauges(current, runs, health, Last, TimeProvider.System);
    }

    // A storage that is out once and then answers.
    private static async Task RetryAsync()
    {
        var time = new FakeTimeProvider();
        var guard = new StorageGuard("the container deposits", new StorageSettings(), time);
        guard.Attend(_ => { }, new RunPauses(time), () => { }, CancellationToken.None);
        var tries = 0;
        var operation = guard.Operations.ExecuteAsync(_ => ++tries == 1 ? throw new StorageUnavailableException("503", new IOException()) : ValueTask.CompletedTask).AsTask();
        while (!operation.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await operation;
        tries.ShouldBe(2);
    }

    // The parts of a histogram have one name.
    private static string Whole(string name) => Histogram().Replace(name, "");

    private static IEnumerable<string> Queries()
    {
        var dashboard = JsonNode.Parse(File.ReadAllText(Repository.At("install/grafana/batch-inference.json")))!;
        foreach (var panel in dashboard["panels"]!.AsArray())
            foreach (var target in panel!["targets"]!.AsArray())
                yield return (string)target!["expr"]!;
        yield return "batch_inference_run_active";
    }

    // https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
    private static Dictionary<string, List<(string Labels, double Value)>> Parse(string text)
    {
        text.ShouldEndWith("\n");
        var samples = new Dictionary<string, List<(string, double)>>(StringComparer.Ordinal);
        var types = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith('#'))
            {
                if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
                    types.Add(line.Split(' ')[2]).ShouldBeTrue(line);
                continue;
            }

            var match = Sample().Match(line);
            match.Success.ShouldBeTrue(line);
            var value = match.Groups[3].Value == "+Inf" ? double.PositiveInfinity : double.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture);
            if (!samples.TryGetValue(match.Groups[1].Value, out var list))
                samples[match.Groups[1].Value] = list = [];
            list.ShouldNotContain(sample => sample.Item1 == match.Groups[2].Value, line);
            list.Add((match.Groups[2].Value, value));
        }

        return samples;
    }

    [GeneratedRegex("""^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\["\\n])*",?)+)\})? ([-+0-9.eE]+|\+Inf|-Inf|NaN)$""")]
    private static partial Regex Sample();

    [GeneratedRegex(@"\{[^}]*\}|by \([^)]*\)")]
    private static partial Regex Braces();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Histogram();

    [GeneratedRegex("(batch_inference|dotnet)_[a-z0-9_]+")]
    private static partial Regex Metric();
}
