using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

namespace BatchInference.Models.Onnx;

/// <summary>
/// The profile that ONNX Runtime writes of a session's runs: which operator ran on which provider. Appending a provider promises nothing, since the library leaves to the
/// processor what the provider cannot do; for small things that is right, for the matrix products it would be a night of a tenth of the speed that nobody explains.
/// </summary>
internal static class RunProfile
{
    // All that multiplies matrices has one of these in its name: MatMulNBits, DynamicQuantizeMatMul, FusedGemm, GroupQueryAttention …
    private static readonly string[] Products = ["MatMul", "Gemm", "Attention", "Conv"];

    /// <summary>Asks for a profile; it holds names of operators, no text of any document.</summary>
    public static void Enable(SessionOptions session)
    {
        session.ProfileOutputPathPrefix = Path.Combine(Path.GetTempPath(), $"batch-inference-{Guid.NewGuid():N}");
        session.EnableProfiling = true;
    }

    /// <summary>Ends the profile of a session, removes its file, and gives the matrix products that ran on the processor: operator and node, each once.</summary>
    public static IReadOnlyList<string> End(InferenceSession session)
    {
        var path = session.EndProfiling();
        try
        {
            return ProductsOnProcessor(File.ReadAllBytes(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Reads a profile (JSON, an array of events).</summary>
    internal static IReadOnlyList<string> ProductsOnProcessor(ReadOnlyMemory<byte> profile)
    {
        using var events = JsonDocument.Parse(profile);
        var found = new List<string>();
        foreach (var happened in events.RootElement.EnumerateArray())
        {
            if (!happened.TryGetProperty("args", out var about) || about.ValueKind != JsonValueKind.Object
                || !about.TryGetProperty("provider", out var provider) || provider.GetString() != "CPUExecutionProvider"
                || !about.TryGetProperty("op_name", out var operation) || operation.GetString() is not { } name
                || !Products.Any(product => name.Contains(product, StringComparison.Ordinal)))
                continue;
            var node = happened.GetProperty("name").GetString()!;
            var told = $"{name} ({(node.EndsWith("_kernel_time", StringComparison.Ordinal) ? node[..^"_kernel_time".Length] : node)})";
            if (!found.Contains(told))
                found.Add(told);
        }

        return found;
    }
}
