using BatchInference.Worker.Configuration;
using BatchInference.Worker.Health;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace BatchInference.Worker.Watching;

/// <summary>Where metrics and spans go: a file for Prometheus, whoever asks on this machine, a collector of OpenTelemetry. Where none is configured nothing is measured, and nothing is sent anywhere.</summary>
internal sealed class TelemetryOutputs : IDisposable
{
    private const int CollectorMilliseconds = 5000;

    private readonly Lock asking = new();
    private readonly ExportTrouble? trouble;
    private MeterProvider? meters;
    private TracerProvider? spans;
    private MetricReader? asked;
    private string said = "";

    private TelemetryOutputs(AppSettings settings, GivenSecrets secrets, bool asService, ILogger logger)
    {
        if (!Any(settings, asService))
            return;
        var telemetry = settings.Telemetry;
        var otlp = telemetry.Otlp;
        var file = asService ? telemetry.PrometheusFile : null;
        var listens = asService && settings.Health.Listen is not null;

        var headers = otlp.Endpoint is null ? null : secrets.Find(OtlpSettings.HeadersSecret);
        var us = ResourceBuilder.CreateEmpty().AddService("batch-inference", serviceVersion: ProgramVersion.Full, autoGenerateServiceInstanceId: false, serviceInstanceId: Environment.MachineName);
        var builder = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(us).AddMeter(Pipeline.Telemetry.Name, Telemetry.Name, ServiceGauges.Name, "System.Runtime");
        if (file is not null)
            builder.AddReader(new PeriodicExportingMetricReader(new PrometheusText(new FileOfMetrics(Path.GetFullPath(file), logger).Write), telemetry.Seconds * 1000));
        if (listens)
            builder.AddReader(asked = new BaseExportingMetricReader(new PrometheusText(text => said = text)));
        if (otlp.Endpoint is not null)
        {
            trouble = new ExportTrouble(otlp.Endpoint, logger);
            builder.AddOtlpExporter((exporter, reader) =>
            {
                Send(exporter, otlp, headers, "metrics");
                reader.PeriodicExportingMetricReaderOptions = new PeriodicExportingMetricReaderOptions { ExportIntervalMilliseconds = telemetry.Seconds * 1000 };
            });
        }

        meters = builder.Build();
        if (otlp is not { Endpoint: not null, Traces: not "off" })
            return;
        var tracer = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(us).SetSampler(new ParentBasedSampler(new AlwaysOnSampler())).AddSource(Pipeline.Telemetry.Name, Telemetry.Name);
        if (otlp.Traces == "documents")
            tracer.AddSource(Telemetry.DocumentsName);
        spans = tracer.AddOtlpExporter(exporter => Send(exporter, otlp, headers, "traces")).Build();
    }

    /// <summary>True where somebody gets metrics.</summary>
    public static bool Any(AppSettings settings, bool asService) =>
        settings.Telemetry.Otlp.Endpoint is not null || (asService && (settings.Telemetry.PrometheusFile is not null || settings.Health.Listen is not null));

    /// <summary>Opens what is configured.</summary>
    /// <param name="settings">The configuration.</param>
    /// <param name="secrets">Hold what the collector wants to see.</param>
    /// <param name="asService">False for a run in the foreground, which sends to the collector alone: a file of the service must not be written by two.</param>
    /// <param name="logger">Hears of trouble.</param>
    public static TelemetryOutputs Open(AppSettings settings, GivenSecrets secrets, bool asService, ILogger logger) => new(settings, secrets, asService, logger);

    /// <summary>The metrics as they are now, for Prometheus; null where nobody may ask.</summary>
    public string? Prometheus()
    {
        lock (asking)
        {
            if (asked is null)
                return null;
            asked.Collect(CollectorMilliseconds);
            return said;
        }
    }

    /// <summary>Sends what was not sent yet. A collector that is away holds up the end of the program by some seconds, never a run.</summary>
    public void Dispose()
    {
        meters?.Dispose();
        spans?.Dispose();
        trouble?.Dispose();
        (meters, spans, asked) = (null, null, null);
    }

    private static void Send(OtlpExporterOptions exporter, OtlpSettings settings, string? headers, string signal)
    {
        exporter.Protocol = settings.Protocol == "grpc" ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        // For gRPC the path is part of the protocol; over HTTP it follows the address.
        exporter.Endpoint = new Uri(settings.Protocol == "grpc" ? settings.Endpoint! : $"{settings.Endpoint!.TrimEnd('/')}/v1/{signal}");
        exporter.TimeoutMilliseconds = CollectorMilliseconds;
        exporter.Headers = headers ?? "";
    }

    // The file is told of once, not each time.
    private sealed class FileOfMetrics(string path, ILogger logger)
    {
        private bool works = true;

        public void Write(string text)
        {
            try
            {
                WholeFile.Write(path, text);
                works = true;
            }
            catch (Exception error) when (works && error is IOException or UnauthorizedAccessException)
            {
                works = false;
                logger.NoMetricsFile(path, error.Message);
                throw;
            }
        }
    }
}
