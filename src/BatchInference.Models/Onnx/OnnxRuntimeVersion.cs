using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Onnx;

/// <summary>What runs the models, for people.</summary>
public static class OnnxRuntimeVersion
{
    private const string NvidiaDriver = "/proc/driver/nvidia/version";

    /// <summary>Version of the native library, the providers it was built with, and the driver of the device where one is seen.</summary>
    public static string Told
    {
        get
        {
            OnnxRuntimeLibrary.Ready();
            var driver = File.Exists(NvidiaDriver) ? $"; {File.ReadLines(NvidiaDriver).First()}" : "";
            return $"ONNX Runtime {OrtEnv.Instance().GetVersionString()} with {string.Join(", ", OnnxRuntimeLibrary.Providers)}{driver}";
        }
    }
}
