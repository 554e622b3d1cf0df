using System.Text;
using BatchInference.Testing;

namespace BatchInference.EndToEnd;

/// <summary>What a collector of OpenTelemetry gets of a run.</summary>
public sealed class OpenTelemetryTests : IDisposable
{
    private const string Secret = "canary-0t1p";
    private readonly TinyArchive archive = new(20);

    public void Dispose() => archive.Dispose();

    [Fact]
    public async Task ACollectorGetsMetricsAndSpansOfARunAndNoText()
    {
        using var collector = new HttpReceiver();
        Configure(collector.Address);
        archive.Folder.Write("archive/word.txt", "Quetzalcoatlus flew over the village in the morning.");
        (await archive.RunAsync("state", new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_HEADERS"] = $"Authorization=Bearer {Secret}" })).ShouldExit(0);

        var metrics = collector.Requests.Where(request => request.Target == "/v1/metrics").ToArray();
        metrics.ShouldNotBeEmpty();
        metrics.ShouldAllBe(request => request.Method == "POST" && request.Header("Content-Type") == "application/x-protobuf" && request.Header("Authorization") == $"Bearer {Secret}");
        string[] names = ["batch_inference.documents", "batch_inference.tokens", "batch_inference.batch.duration", "batch_inference.publish.duration", "batch_inference.run.duration", "batch_inference.job", "letters", "batch-inference"];
        names.ShouldAllBe(name => Texts(metrics).Contains(name, StringComparison.Ordinal));

        var spans = collector.Requests.Where(request => request.Target == "/v1/traces").ToArray();
        names = ["run", "shard", "publish part", "batch_inference.run", "batch_inference.shard", (string)archive.Results.Manifests().Single()["run"]!];
        names.ShouldAllBe(name => Texts(spans).Contains(name, StringComparison.Ordinal));
        Texts(collector.Requests).ShouldNotContain("Quetzalcoatlus");
        Texts(collector.Requests).ShouldNotContain(Secret);
    }

    [Fact]
    public async Task ACollectorThatSpeaksGrpcGetsTheSame()
    {
        await using var collector = await GrpcReceiver.StartAsync();
        Configure(collector.Address, "grpc");
        (await archive.RunAsync("state", new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_HEADERS"] = $"Authorization=Bearer {Secret}" })).ShouldExit(0);
        collector.Calls.ShouldAllBe(call => call.Authorization == $"Bearer {Secret}");
        var metrics = string.Concat(collector.Calls.Where(call => call.Method == "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export").Select(call => call.Body));
        ((string[])["batch_inference.documents", "batch_inference.run.duration", "letters"]).ShouldAllBe(name => metrics.Contains(name, StringComparison.Ordinal));
        var spans = string.Concat(collector.Calls.Where(call => call.Method == "/opentelemetry.proto.collector.trace.v1.TraceService/Export").Select(call => call.Body));
        ((string[])["shard", "publish part", (string)archive.Results.Manifests().Single()["run"]!]).ShouldAllBe(name => spans.Contains(name, StringComparison.Ordinal));
        Log().ShouldNotContain("do not reach");
    }

    [Fact]
    public async Task ACollectorThatIsAwayIsToldAndStopsNothing()
    {
        using var gone = new DeadPort();
        var address = new Uri($"http://127.0.0.1:{gone.Number}");
        Configure(address);
        (await archive.RunAsync("state", new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_HEADERS"] = $"Authorization=Bearer {Secret}" })).ShouldExit(0);
        archive.Results.Rows().Count().ShouldBe(20);
        var log = Log();
        log.ShouldContain($"Metrics or spans do not reach {address.GetLeftPart(UriPartial.Authority)}");
        log.ShouldNotContain(Secret);
    }

    [Fact]
    public async Task AnEnvironmentAloneSendsNothing()
    {
        // Variables that OpenTelemetry knows, set for other programs of the machine.
        using var collector = new HttpReceiver();
        (await archive.RunAsync("state", new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address.ToString() })).ShouldExit(0);
        collector.Requests.ShouldBeEmpty();
    }

    // Of one run; of two files where midnight passes meanwhile.
    private string Log()
    {
        var files = Directory.GetFiles(archive.Folder["state/log"], "run-letters-*.log");
        files.ShouldNotBeEmpty();
        return string.Concat(files.Select(File.ReadAllText));
    }

    private void Configure(Uri collector, string protocol = "http/protobuf") => archive.Folder.Write("config/appsettings.json",
        $$"""{ "Models": { "Default": "tiny" }, "Telemetry": { "Seconds": 1, "Otlp": { "Endpoint": "{{collector.GetLeftPart(UriPartial.Authority)}}", "Protocol": "{{protocol}}" } } }""");

    private static string Texts(IEnumerable<Received> requests) => string.Concat(requests.Select(request => Encoding.Latin1.GetString(request.Body)));
}
