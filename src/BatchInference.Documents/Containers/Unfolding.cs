using System.Globalization;
using BatchInference.Documents.Extraction;

namespace BatchInference.Documents.Containers;

/// <summary>Counts what a listed document unfolds to, with all containers inside it, and stops what no honest archive does.</summary>
/// <param name="bytes">Length of the listed document.</param>
/// <param name="limits">The limits.</param>
internal sealed class Unfolding(long bytes, ExtractionLimits limits)
{
    // Below this a high ratio is usual: a spreadsheet of blanks, a log of one line.
    private const long RatioCounts = 64L * 1024 * 1024;

    private long unfolded;
    private long members;

    /// <summary>What it has too much of: once set, nothing more of it is read.</summary>
    public UnfoldingException? Excess { get; private set; }

    /// <exception cref="UnfoldingException">There are more members than the limit.</exception>
    public void CountMember()
    {
        if (++members > limits.Members)
            throw TooMuch(string.Create(CultureInfo.InvariantCulture, $"it holds more than {limits.Members} documents, the limit of the configuration (Limits:Members)."));
    }

    /// <exception cref="UnfoldingException">It unfolds to more than the limits.</exception>
    public void Count(int read)
    {
        unfolded += read;
        if (unfolded > limits.UnfoldedBytes)
            throw TooMuch(string.Create(CultureInfo.InvariantCulture, $"it unfolds to more than {limits.UnfoldedBytes / (1024 * 1024)} MB, the limit of the configuration (Limits:UnfoldedMegabytes)."));
        if (unfolded > RatioCounts && unfolded / Math.Max(1, bytes) > limits.CompressionRatio)
            throw TooMuch(string.Create(CultureInfo.InvariantCulture, $"it unfolds to more than {limits.CompressionRatio} times its size, the limit of the configuration (Limits:CompressionRatio), as decompression bombs do."));
    }

    private UnfoldingException TooMuch(string why) => Excess = new UnfoldingException(why);
}

/// <summary>A listed document unfolds to too much: nothing more of it is read.</summary>
internal sealed class UnfoldingException(string why) : Exception(why);
