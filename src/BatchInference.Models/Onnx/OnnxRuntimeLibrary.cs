using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Onnx;

/// <summary>The native library, woken once for the process, with its telemetry off and its own printing silenced.</summary>
internal static partial class OnnxRuntimeLibrary
{
    private const string TelemetrySwitch = "ORT_DISABLE_TELEMETRY";

    private static readonly Lazy<OrtEnv> Environment = new(Wake);

    /// <summary>Must run before any other call of the library in the process.</summary>
    public static void Ready() => _ = Environment.Value;

    /// <summary>The execution providers that the library was built with; that says nothing of whether they work here.</summary>
    public static IReadOnlyList<string> Providers => Environment.Value.GetAvailableProviders();

    // Merely making the environment writes a device id below the cache folder, unless the native environment of the process holds this variable.
    // Environment.SetEnvironmentVariable does not write that on Unix, hence setenv; on Windows the C runtime has a copy of its own, hence _putenv_s.
    private static OrtEnv Wake()
    {
        System.Environment.SetEnvironmentVariable(TelemetrySwitch, "1");
        if (OperatingSystem.IsWindows())
            _ = PutEnvironment(TelemetrySwitch, "1");
        else
            _ = SetEnvironment(TelemetrySwitch, "1", 1);
        var options = new EnvironmentCreationOptions { logId = "batch-inference", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        var environment = OrtEnv.CreateInstanceWithOptions(ref options);
        environment.DisableTelemetryEvents();
        return environment;
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    [LibraryImport("ucrtbase", EntryPoint = "_putenv_s", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int PutEnvironment(string name, string value);
}
