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
            ("Folder", new TextKey("Where. Default: systemd's `$LOGS_DIRECTORY`, else `logs` beside the state folder of a Windows service, else `log` in the state folder.", "path")),
            ("Format", new ChoiceKey("Lines for people, or one JSON object a line.", "text", "json") { Default = "text" }),
            ("Megabytes", new IntegerKey("Size after which the day goes on in another file.", 1, 1024) { Default = 20 }),
            ("Keep", new IntegerKey("How many files are kept; the oldest are removed.", 1, 10_000) { Default = 31 }),
        ])),
    ]);

    public static SectionKey Health { get; } = new("When the service counts as hanging, and who is told how it is.",
    [
        ("StandstillMinutes", new IntegerKey("A run in which no document and no batch was finished for so long hangs: the service manager starts the service anew.", 1, 1440) { Default = 30 }),
        ("File", new TextKey("A file that the service writes anew every half minute (with a watchdog: every half of its time): `live`, `ready`, what it does, and when that was. Default: none.", "path")),
        ("Listen", new TextKey("Address on this machine where the service answers `/livez`, `/readyz`, `/healthz` over HTTP. Default: it listens to nobody.", "address of this machine with a port", Example: "127.0.0.1:9464")),
    ]) { Rule = Loopback };

    // Nothing of the program listens to other machines: it has no log-in.
    private static void Loopback(string path, JsonObject section, ConfigurationCheck check)
    {
        if (section["Listen"] is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0 && LoopbackListener.Parse(text) is null)
            check.Wrong($"{path}.Listen", value, "is no address of this machine alone with a port", "Write for example \"127.0.0.1:9464\"; what others are to see goes through a proxy with a log-in.");
    }
}
