using BatchInference.Worker.Watching;
using Microsoft.Extensions.Hosting;

namespace BatchInference.Worker.Health;

/// <summary>Tells on this machine how the service is: <c>/livez</c>, <c>/readyz</c>, and both as JSON at <c>/healthz</c>; 200 when all is well, 503 when not; <c>/metrics</c> for Prometheus.</summary>
internal sealed class HealthEndpoint(LoopbackListener listener, ServiceHealth health, TelemetryOutputs telemetry) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => listener.ServeAsync(Answer, stoppingToken);

    private HttpAnswer? Answer(string path) => path switch
    {
        "/livez" => Said(health.Report(), report => report.Live),
        "/readyz" => Said(health.Report(), report => report.Ready),
        "/healthz" => health.Report() is var report ? new HttpAnswer(Status(report is { Live: true, Ready: true }), "application/json", report.ToJson().ToJsonString() + "\n") : null,
        "/metrics" => telemetry.Prometheus() is { } text ? new HttpAnswer(200, PrometheusText.MediaType, text) : null,
        _ => null,
    };

    private static HttpAnswer Said(HealthReport report, Func<HealthReport, bool> good) => new(Status(good(report)), "text/plain; charset=utf-8", report.Says + "\n");

    private static int Status(bool good) => good ? 200 : 503;
}
