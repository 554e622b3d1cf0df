using System.Text.Json.Nodes;
using BatchInference.Worker.Health;

namespace BatchInference.Worker.Configuration;

/// <summary>The keys of what an admin watches the program by.</summary>
internal static class WatchKeys
{
    private static readonly string[] Levels = ["trace", "debug", "information", "warning", "error"];

    public static SectionKey Logging { get; } = new("What is told, and where.",
    [
        ("Level", new ChoiceKey("The least severe messages that are told.", Levels) { Default = "information" }),
        ("Categories", new MapKey("Other levels for parts of the program, such as `BatchInference.Pipeline`; the longest name that fits decides. Levels may be changed while the service runs.", "name of a part", "[A-Za-z0-9.]+", new ChoiceKey("The least severe messages of that part.", Levels))),
        ("EventLog", new ChoiceKey("As a service of Windows: the least severe messages that the event log gets.", "information", "warning", "error", "off") { Default = "warning" }),
        ("Files", new SectionKey("Files of what is told, one for each day; a change holds from the next start.",
        [
            ("Enabled", new SwitchKey("Whether they are written, by `service` and by `run`.") { Default = true }),
            ("Folder", new TextKey("Where. Default: systemd's `$LOGS_DIRECTORY`, beside the state folder of an installation the one that it made for logs (`/var/log/batch-inference`, on Windows `logs`), else `log` in the state folder.", "path")),
            ("Format", new ChoiceKey("Lines for people, or one JSON object a line.", "text", "json") { Default = "text" }),
            ("Megabytes", new IntegerKey("Size after which the day goes on in another file.", 1, 1024) { Default = 20 }),
            ("Keep", new IntegerKey("How many files are kept; the oldest are removed.", 1, 10_000) { Default = 31 }),
        ])),
    ]);

    public static SectionKey Health { get; } = new("When the service counts as hanging, and who is told how it is.",
    [
        ("StandstillMinutes", new IntegerKey("A run in which no document and no batch was finished for so long hangs: the service manager starts the service anew.", 1, 1440) { Default = 30 }),
        ("File", new TextKey("A file that the service writes anew every half minute (with a watchdog: every half of its time): `live`, `ready`, what it does, and when that was. Default: none.", "path")),
        ("Listen", new TextKey("Address on this machine where the service answers `/livez`, `/readyz`, `/healthz` and `/metrics` over HTTP. Default: it listens to nobody.", "address of this machine with a port", Example: "127.0.0.1:9464")),
    ]) { Rule = Loopback };

    public static SectionKey Telemetry { get; } = new("Metrics and spans. Without any of it nothing is measured.",
    [
        ("PrometheusFile", new TextKey("A file that the service writes anew for node_exporter's textfile collector, such as `/var/lib/prometheus/node-exporter/batch-inference.prom`. Default: none.", "path")),
        ("Seconds", new IntegerKey("How often it is written, and metrics are sent to the collector.", 1, 3600) { Default = 30 }),
        ("Otlp", new SectionKey("A collector of OpenTelemetry.",
        [
            ("Endpoint", new TextKey("Its address, such as `https://otel.example.fr:4318`. What it wants to see comes as the secret `OTEL_EXPORTER_OTLP_HEADERS`. Default: none, and nothing is sent.", "address")),
            ("Protocol", new ChoiceKey("How it is spoken to.", "http/protobuf", "grpc") { Default = "http/protobuf" }),
            ("Traces", new ChoiceKey("Which spans it gets: none; runs, shards, operations of storages; also each document that is read from a storage.", "off", "shards", "documents") { Default = "shards" }),
            ("AllowHttp", new SwitchKey("Also speaks `http://` with another machine than this one, unprotected.") { Default = false }),
        ]) { Rule = (path, section, check) => Protected(path, "Endpoint", section, check, "https://otel.example.fr:4318") }),
    ]);

    /// <summary>An address, by https unless it is this machine's or <c>AllowHttp</c> says otherwise.</summary>
    internal static void Protected(string path, string key, JsonObject section, ConfigurationCheck check, string example)
    {
        if (section[key] is not JsonValue value || !value.TryGetValue(out string? text) || text.Length == 0)
            return;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.Fragment.Length > 0)
            check.Wrong($"{path}.{key}", value, "is not an address", $"Write for example \"{example}\".");
        else if (address.Scheme == "http" && !StorageKeys.IsLoopback(address) && !(section["AllowHttp"] is JsonValue allowed && allowed.TryGetValue(out bool allow) && allow))
            check.Wrong($"{path}.{key}", value, "would be spoken to unprotected over the network", "Write https://, or set AllowHttp to true.");
    }

    // Nothing of the program listens to other machines: it has no log-in.
    private static void Loopback(string path, JsonObject section, ConfigurationCheck check)
    {
        if (section["Listen"] is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0 && LoopbackListener.Parse(text) is null)
            check.Wrong($"{path}.Listen", value, "is no address of this machine alone with a port", "Write for example \"127.0.0.1:9464\"; what others are to see goes through a proxy with a log-in.");
    }
}
