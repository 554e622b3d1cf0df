namespace BatchInference.Pipeline.Results;

/// <summary>The place of the results takes nothing now, and does again once somebody has mended it: a full disk, a used-up quota, a file system or folder that became read-only.</summary>
public sealed class OutputUnavailableException : IOException
{
    // Values of errno on Linux (macOS has the same but for the quota), and of HRESULT on Windows.
    private const int NoSpace = 28, ReadOnly = 30, Quota = 122, QuotaOnMac = 69;
    private const int DiskFull = unchecked((int)0x80070070), HandleDiskFull = unchecked((int)0x80070027), WriteProtected = unchecked((int)0x80070013), QuotaOnWindows = unchecked((int)0x8007050F);

    /// <summary>Says what to do.</summary>
    /// <param name="place">The output.</param>
    /// <param name="cause">What the system said.</param>
    public OutputUnavailableException(string place, Exception cause) : base($"The output {place} cannot be written: {Remedy(cause) ?? cause.Message}", cause)
    {
    }

    /// <summary>True for what can be mended while a run waits.</summary>
    public static bool IsCause(Exception exception) => Remedy(exception) is not null;

    /// <summary>What to do about it; null for what cannot be mended while a run waits.</summary>
    public static string? Remedy(Exception exception) => (exception, exception.HResult) switch
    {
        (UnauthorizedAccessException, _) => "permission denied. Give the account of the service the right to write.",
        (IOException, NoSpace or DiskFull or HandleDiskFull) => "the disk is full. Free space on it.",
        (IOException, Quota or QuotaOnMac or QuotaOnWindows) => "the quota is used up. Free space, or have it raised.",
        (IOException, ReadOnly or WriteProtected) => "it became read-only. Look at the disk, and mount it for writing.",
        _ => null,
    };
}
