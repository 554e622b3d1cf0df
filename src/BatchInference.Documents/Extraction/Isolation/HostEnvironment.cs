using System.Diagnostics;
using System.Globalization;

namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>What a reading process sees of its surroundings: no secret, no configuration, an empty folder.</summary>
internal static class HostEnvironment
{
    private static readonly string[] Kept =
    [
        "PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "TESSDATA_PREFIX", "FONTCONFIG_PATH", "FONTCONFIG_FILE",
        "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "DOTNET_BUNDLE_EXTRACT_BASE_DIR", "DOTNET_EnableWriteXorExecute",
        "SystemRoot", "SystemDrive", "windir", "ProgramFiles", "ProgramData", "PATHEXT", "COMSPEC",
    ];

    /// <summary>The start of a process, its streams held by this one.</summary>
    public static ProcessStartInfo Start(HostCommand command, string folder, long memory)
    {
        var start = new ProcessStartInfo(command.Program, command.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
            WorkingDirectory = folder,
        };
        var kept = Kept.Select(name => (name, Value: Environment.GetEnvironmentVariable(name))).Where(pair => pair.Value is not null).ToArray();
        start.Environment.Clear();
        foreach (var (name, value) in kept) start.Environment[name] = value;
        foreach (var name in new[] { "HOME", "TMPDIR", "TEMP", "TMP", "USERPROFILE", "XDG_CACHE_HOME" }) start.Environment[name] = folder;
        start.Environment["DOTNET_GCHeapHardLimit"] = memory.ToString("X", CultureInfo.InvariantCulture);
        // One document at a time: threads for the collector, and the door for debuggers (a socket), would only cost.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        return start;
    }
}
