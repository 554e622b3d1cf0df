namespace BatchInference.Documents.Extraction;

/// <summary>What a document may cost before it is refused with a reason. Each limit belongs to the fingerprint of the extraction.</summary>
public sealed record ExtractionLimits
{
    /// <summary>Largest content in bytes.</summary>
    public long Bytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Longest text in UTF-16 units.</summary>
    public int Characters { get; init; } = 10_000_000;

    /// <summary>Most pages.</summary>
    public int Pages { get; init; } = 20_000;

    /// <summary>Longest time for one document.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(5);
}
