using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace BatchInference.Worker.Watching;

/// <summary>Metrics as the text that Prometheus and node_exporter read (version 0.0.4). Names follow from OpenTelemetry's by its own rules: <c>batch_inference.tokens</c> becomes <c>batch_inference_tokens_total</c>.</summary>
/// <remarks>https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/</remarks>
/// <param name="write">Takes the whole text.</param>
internal sealed class PrometheusText(Action<string> write) : BaseExporter<Metric>
{
    public const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly Dictionary<string, string> Units = new(StringComparer.Ordinal) { ["s"] = "seconds", ["ms"] = "milliseconds", ["By"] = "bytes", ["%"] = "percent" };

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var text = new StringBuilder();
        foreach (var metric in batch)
            Append(text, metric);
        try
        {
            write(text.ToString());
            return ExportResult.Success;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ExportResult.Failure;
        }
    }

    /// <summary>The name that Prometheus knows a metric by.</summary>
    internal static string NameOf(string name, string unit, MetricType type)
    {
        var known = string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
        if (Units.TryGetValue(unit, out var suffix) && !known.EndsWith($"_{suffix}", StringComparison.Ordinal))
            known += $"_{suffix}";
        return type is MetricType.LongSum or MetricType.DoubleSum ? $"{known}_total" : known;
    }

    private static void Append(StringBuilder text, Metric metric)
    {
        var name = NameOf(metric.Name, metric.Unit, metric.MetricType);
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {metric.Description.Replace("\\", "\\\\", StringComparison.Ordinal).ReplaceLineEndings(" ")}\n# TYPE {name} {KindOf(metric.MetricType)}\n");
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = Labels(point.Tags);
            switch (metric.MetricType)
            {
                case MetricType.Histogram:
                    AppendBuckets(text, name, labels, point);
                    break;
                case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                    Append(text, name, labels, point.GetSumLong());
                    break;
                case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                    Append(text, name, labels, point.GetSumDouble());
                    break;
                case MetricType.LongGauge:
                    Append(text, name, labels, point.GetGaugeLastValueLong());
                    break;
                default:
                    Append(text, name, labels, point.GetGaugeLastValueDouble());
                    break;
            }
        }
    }

    private static string KindOf(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.Histogram => "histogram",
        _ => "gauge",
    };

    private static void AppendBuckets(StringBuilder text, string name, string labels, in MetricPoint point)
    {
        var below = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            below += bucket.BucketCount;
            var limit = double.IsPositiveInfinity(bucket.ExplicitBound) ? "+Inf" : bucket.ExplicitBound.ToString("R", CultureInfo.InvariantCulture);
            Append(text, $"{name}_bucket", $"{labels}{(labels.Length > 0 ? "," : "")}le=\"{limit}\"", below);
        }

        Append(text, $"{name}_sum", labels, point.GetHistogramSum());
        Append(text, $"{name}_count", labels, point.GetHistogramCount());
    }

    private static void Append(StringBuilder text, string name, string labels, double value) =>
        text.Append(name).Append(labels.Length > 0 ? $"{{{labels}}}" : "").Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture).Replace("-Infinity", "-Inf", StringComparison.Ordinal).Replace("Infinity", "+Inf", StringComparison.Ordinal)).Append('\n');

    private static string Labels(ReadOnlyTagCollection tags)
    {
        var labels = new List<string>();
        foreach (var (key, value) in tags)
            labels.Add($"{string.Concat(key.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'))}=\"{Escaped(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")}\"");
        return string.Join(',', labels.Order(StringComparer.Ordinal));
    }

    private static string Escaped(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings("\\n");
}
