namespace BatchInference.Models.Onnx;

/// <summary>A run needed more memory than the device (or the processor's machine) had; a smaller batch may fit.</summary>
internal sealed class DeviceMemoryException(string path, Exception cause)
    : Exception($"{path}: the batch did not fit into the memory of the device: {cause.Message}", cause)
{
    // ONNX Runtime has no error code for it. In order: its arena; cudaMalloc; cuBLAS; DirectML's E_OUTOFMEMORY; the allocator of C++.
    private static readonly string[] Signs =
    [
        "Failed to allocate memory", "Available memory of", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "8007000E", "bad_alloc", "bad allocation",
    ];

    /// <summary>True when the library says that memory ran out.</summary>
    public static bool IsTold(string message) => Signs.Any(sign => message.Contains(sign, StringComparison.OrdinalIgnoreCase));
}
