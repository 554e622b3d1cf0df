using System.Diagnostics;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Onnx;

public sealed class TelemetryTests
{
    [Fact]
    public async Task ARunningModelLeavesNoFileOfTelemetryBehind()
    {
        // In a process of its own, since the library reads its environment once: this very program, running another of its tests.
        using var home = new TempFolder();
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(start.FileName).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
            start.ArgumentList.Add(typeof(TelemetryTests).Assembly.Location);
        foreach (var argument in new[] { "-noLogo", "-noColor", "-method", $"{typeof(OnnxModelTests).FullName}.{nameof(OnnxModelTests.AModelRuns)}" })
            start.ArgumentList.Add(argument);
        foreach (var variable in new[] { "HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "LOCALAPPDATA", "APPDATA" })
            start.Environment[variable] = home;
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment.Remove("ORT_DISABLE_TELEMETRY");

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        process.ExitCode.ShouldBe(0, output + await errors);
        output.ShouldContain("Total: 1,");
        Directory.EnumerateFileSystemEntries(home, "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }
}
