namespace BatchInference.Models.Onnx;

/// <summary>
/// How much of a batch is run at once where memory may be short. It begins without a limit; when memory runs out, half of what was asked becomes the limit and stays it, so a
/// night meets the same wall a few times and not at every batch. A row alone is always tried. Policy only: what running means is given.
/// </summary>
/// <param name="alone">True to run each row alone: of a graph whose answers depend on the company (<see cref="OnnxGraphFile.MindsCompany"/>).</param>
internal sealed class FittingBatch(bool alone = false)
{
    /// <summary>Most padded tokens at once: rows times longest row.</summary>
    public long Most { get; private set; } = long.MaxValue;

    /// <summary>Runs rows, in their order, in as few parts as fit.</summary>
    /// <param name="lengths">Tokens of each row.</param>
    /// <param name="run">Runs the rows from an index on, so many of them.</param>
    /// <exception cref="DeviceMemoryException">A row alone does not fit.</exception>
    public void Run(IReadOnlyList<int> lengths, Action<int, int> run)
    {
        for (var from = 0; from < lengths.Count;)
        {
            var (count, padded) = Part(lengths, from);
            try
            {
                run(from, count);
                from += count;
            }
            catch (DeviceMemoryException) when (count > 1)
            {
                Most = padded / 2;
            }
        }
    }

    private (int Count, long Padded) Part(IReadOnlyList<int> lengths, int from)
    {
        var (count, longest) = (1, (long)lengths[from]);
        for (; !alone && from + count < lengths.Count; count++)
        {
            var next = Math.Max(longest, lengths[from + count]);
            if (next * (count + 1) > Most)
                break;
            longest = next;
        }

        return (count, longest * count);
    }
}
