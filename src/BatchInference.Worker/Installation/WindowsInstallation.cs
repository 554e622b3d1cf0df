namespace BatchInference.Worker.Installation;

/// <summary>What makes the program a Windows service, and what takes that back; all by programs of Windows itself.</summary>
/// <param name="programFolder">Where the program lies.</param>
/// <param name="dataFolder">Holds <c>config</c>, <c>state</c>, <c>logs</c>, <c>secrets</c>.</param>
internal sealed class WindowsInstallation(string programFolder, string dataFolder)
{
    /// <summary>Name of the service and of its source in the event log.</summary>
    public const string Name = "BatchInference";

    // A virtual account: no password, no log-on, known to this machine only.
    private const string Account = $@"NT SERVICE\{Name}";

    private const string EventSource = $@"HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\{Name}";

    // Ids instead of names, which are translated on a Windows that is not English.
    private const string Administrators = "*S-1-5-32-544";
    private const string System = "*S-1-5-18";
    private const string Users = "*S-1-5-32-545";

    /// <summary>The steps that register the service.</summary>
    /// <param name="registered">True when it is registered already.</param>
    public IEnumerable<Step> Install(bool registered)
    {
        var path = $"\"{Join(programFolder, "batch-inference.exe")}\" service --config \"{Join(dataFolder, "config")}\"";
        yield return new RunProgram(registered ? "Setting the service anew" : "Registering the service", "sc.exe",
            registered ? "config" : "create", Name, "binPath=", path, "start=", "delayed-auto", "obj=", Account, "DisplayName=", "BatchInference");
        yield return new RunProgram("Describing it", "sc.exe", "description", Name, "Labels and summarises document archives overnight.");
        // After a crash: half a minute, a minute, five minutes; a day without one forgets the count.
        yield return new RunProgram("Having it started again after a failure", "sc.exe", "failure", Name, "reset=", "86400", "actions=", "restart/30000/restart/60000/restart/300000");
        yield return new RunProgram("Counting an end with an error as a failure too", "sc.exe", "failureflag", Name, "1") { MayFail = true };
        foreach (var (name, grants) in Folders)
        {
            var folder = Join(dataFolder, name);
            yield return new RunProgram($"Making {folder}", "cmd.exe", "/d", "/c", $"if not exist \"{folder}\" mkdir \"{folder}\"");
            yield return new RunProgram($"Letting only its people into {folder}", "icacls.exe", [folder, "/inheritance:r", "/grant:r", .. grants]);
        }

        yield return new RunProgram("Making the source of the event log", "reg.exe", "add", EventSource, "/v", "EventMessageFile", "/t", "REG_EXPAND_SZ", "/d", Join(programFolder, "System.Diagnostics.EventLog.Messages.dll"), "/f");
    }

    /// <summary>The steps that take it back. Configuration, state and results stay, unless purged: then only the results stay.</summary>
    public IEnumerable<Step> Uninstall(bool purge)
    {
        yield return new RunProgram("Stopping the service: what is in hand is published", "sc.exe", "stop", Name) { MayFail = true };
        yield return new RunProgram("Removing the service", "sc.exe", "delete", Name) { MayFail = true };
        yield return new RunProgram("Removing the source of the event log", "reg.exe", "delete", EventSource, "/f") { MayFail = true };
        if (purge)
            yield return new Remove($"Removing {dataFolder}", dataFolder);
    }

    private static (string Name, string[] Grants)[] Folders { get; } =
    [
        ("config", [$"{Administrators}:(OI)(CI)F", $"{System}:(OI)(CI)F", $"{Account}:(OI)(CI)RX", $"{Users}:(OI)(CI)RX"]),
        ("state", [$"{Administrators}:(OI)(CI)F", $"{System}:(OI)(CI)F", $"{Account}:(OI)(CI)M"]),
        ("logs", [$"{Administrators}:(OI)(CI)F", $"{System}:(OI)(CI)F", $"{Account}:(OI)(CI)M"]),
        ("secrets", [$"{Administrators}:(OI)(CI)F", $"{System}:(OI)(CI)F", $"{Account}:(OI)(CI)R"]),
    ];

    // The steps are also looked at on other systems.
    private static string Join(string folder, string name) => $@"{folder.TrimEnd('\\')}\{name}";
}
