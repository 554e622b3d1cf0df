namespace BatchInference.Worker.Configuration;

/// <summary>Where the program's folders are, by CONTRACT: option, then variable, then the usual places.</summary>
/// <param name="Configuration">Holds <c>appsettings.json</c>, <c>jobs/</c>, <c>labels/</c>.</param>
/// <param name="State">Holds the ledger, added models and what else the program writes for itself.</param>
/// <param name="Shipped">Holds <c>models/</c> and <c>demo/</c>.</param>
internal sealed record Folders(string Configuration, string State, string Shipped)
{
    private const string SettingsFile = "appsettings.json";

    /// <summary>Finds the configuration folder.</summary>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public static string FindConfiguration(string? option, Func<string, string?> environment, string workingFolder, string programFolder)
    {
        if ((option ?? environment("BATCHINFERENCE_CONFIG")) is { Length: > 0 } given)
        {
            var asked = Path.GetFullPath(given, workingFolder);
            return File.Exists(Path.Combine(asked, SettingsFile)) ? asked : throw new ConfigurationException([$"{asked}: there is no {SettingsFile}, or this account may not see it. Name the configuration folder with --config or BATCHINFERENCE_CONFIG."]);
        }

        string[] usual =
        [
            Path.Combine(workingFolder, "config"),
            Path.Combine(programFolder, "config"),
            OperatingSystem.IsWindows() ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "BatchInference", "config") : "/etc/batch-inference",
        ];
        return usual.FirstOrDefault(folder => File.Exists(Path.Combine(folder, SettingsFile)))
            ?? throw new ConfigurationException([$"No configuration was found: no {SettingsFile} in {string.Join(", ", usual)}. Name the folder with --config or BATCHINFERENCE_CONFIG."]);
    }

    /// <summary>Finds the state folder; it need not exist yet.</summary>
    /// <param name="option">Of the command line.</param>
    /// <param name="environment">Reads a variable.</param>
    /// <param name="asService">True under a service manager.</param>
    public static string FindState(string? option, Func<string, string?> environment, bool asService)
    {
        string? Given(string? value) => string.IsNullOrEmpty(value) ? null : value;
        var folder = Given(option) ?? Given(environment("BATCHINFERENCE_STATE")) ?? Given(environment("STATE_DIRECTORY")?.Split(':')[0]);
        if (folder is null && OperatingSystem.IsWindows())
            folder = Path.Combine(Environment.GetFolderPath(asService ? Environment.SpecialFolder.CommonApplicationData : Environment.SpecialFolder.LocalApplicationData), "BatchInference", "state");
        folder ??= Given(environment("XDG_STATE_HOME")) is { } state
            ? Path.Combine(state, "batch-inference")
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "batch-inference");
        return Path.GetFullPath(folder);
    }

    /// <summary>Finds the shipped files.</summary>
    public static string FindShipped(string? setting, string configuration, string programFolder)
    {
        if (setting is not null) return Path.GetFullPath(setting, configuration);
        string[] usual = [configuration, programFolder, Path.Combine(programFolder, "config"), "/usr/share/batch-inference"];
        return usual.FirstOrDefault(folder => Directory.Exists(Path.Combine(folder, "models"))) ?? configuration;
    }
}
