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

    /// <summary>Longest time for one document; each document inside a document has its own.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Largest document that holds documents, in bytes.</summary>
    public long ContainerBytes { get; init; } = 4L * 1024 * 1024 * 1024;

    /// <summary>How many containers may stand in each other.</summary>
    public int Depth { get; init; } = 8;

    /// <summary>Most documents inside a listed document.</summary>
    public long Members { get; init; } = 100_000;

    /// <summary>Most bytes that a listed document may unfold to.</summary>
    public long UnfoldedBytes { get; init; } = 64L * 1024 * 1024 * 1024;

    /// <summary>How many times its size a listed document may unfold to.</summary>
    public int CompressionRatio { get; init; } = 200;

    /// <summary>All of them, in an order that stays: what the fingerprint of the extraction covers.</summary>
    internal string Description => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Bytes} {Characters} {Pages} {Time.TotalSeconds} {ContainerBytes} {Depth} {Members} {UnfoldedBytes} {CompressionRatio}");
}
