using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Models.Onnx;
using BatchInference.Worker.Configuration;
using Arm = System.Runtime.Intrinsics.Arm;
using X86 = System.Runtime.Intrinsics.X86;

namespace BatchInference.Worker.Jobs;

/// <summary>What besides a job decides an answer, for the manifest: settings of the whole program, the tools that read, the library and the processor that compute (their last digits differ).</summary>
internal static class RunEnvironment
{
    private const string LinuxProcessor = "/proc/cpuinfo";

    public static JsonObject Of(AppSettings settings, OcrTools tools) => new()
    {
        // By their names in appsettings.json.
        ["settings"] = new JsonObject
        {
            ["Limits"] = JsonSerializer.SerializeToNode(settings.Limits),
            ["Ocr"] = JsonSerializer.SerializeToNode(settings.Ocr),
            ["Models"] = JsonSerializer.SerializeToNode(settings.Models),
        },
        ["tools"] = new JsonObject
        {
            ["readsScans"] = tools.CanRead,
            ["tesseract"] = tools.TesseractVersion,
            ["languages"] = new JsonArray([.. tools.Languages.Select(language => (JsonNode)language)]),
            ["tellsOrientation"] = tools.TellsOrientation,
            ["poppler"] = tools.RendererVersion,
            ["libreOffice"] = LegacyOfficeExtractor.Installed,
        },
        ["inference"] = OnnxRuntimeVersion.Told,
        ["machine"] = new JsonObject
        {
            ["name"] = Environment.MachineName,
            ["system"] = RuntimeInformation.OSDescription,
            ["runtime"] = RuntimeInformation.FrameworkDescription,
            ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
            ["processor"] = Processor(),
            ["cores"] = Environment.ProcessorCount,
            ["instructions"] = new JsonArray([.. Instructions().Where(known => known.Has).Select(known => (JsonNode)known.Name)]),
        },
    };

    private static string? Processor()
    {
        if (!OperatingSystem.IsLinux())
            return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        try
        {
            return File.ReadLines(LinuxProcessor).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A container may hide it; the instructions tell more.
            return null;
        }
    }

    private static (string Name, bool Has)[] Instructions() =>
    [
        ("AVX", X86.Avx.IsSupported), ("AVX2", X86.Avx2.IsSupported), ("FMA", X86.Fma.IsSupported), ("AVX-VNNI", X86.AvxVnni.IsSupported),
        ("AVX-512F", X86.Avx512F.IsSupported), ("AVX-512BW", X86.Avx512BW.IsSupported), ("AVX-512VBMI", X86.Avx512Vbmi.IsSupported),
        ("AdvSimd", Arm.AdvSimd.IsSupported), ("Dp", Arm.Dp.IsSupported),
    ];
}
