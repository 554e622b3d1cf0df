namespace BatchInference.Models.Tokens;

/// <summary>Which tokens of one or two texts stand in the rows that they are cut into.</summary>
internal static class RowWindows
{
    /// <summary>Cuts two texts so that one window of each fits together.</summary>
    /// <param name="first">Tokens of the first text.</param>
    /// <param name="second">Tokens of the second; 0 where there is none.</param>
    /// <param name="room">Most tokens of both together.</param>
    /// <param name="truncation">Which is shortened, and how windows overlap.</param>
    /// <param name="oddToFirst">Whether of two shortened texts the first keeps an odd token, as Python tokenizers have it, else the longer.</param>
    /// <returns>The windows of each text; one at least.</returns>
    /// <exception cref="ArgumentException">There is no room, or the text that is to be shortened is too short.</exception>
    public static (IReadOnlyList<TextRange> First, IReadOnlyList<TextRange> Second) Of(int first, int second, int room, TokenTruncation truncation, bool oddToFirst)
    {
        if (room < 1)
            throw new ArgumentException($"A row of {truncation.Length} tokens has no room for text beside the tokens of the template.", nameof(truncation));
        var excess = (long)first + second - room;
        if (excess <= 0)
            return ([new TextRange(0, first)], [new TextRange(0, second)]);
        var (firstLength, secondLength) = truncation.Strategy switch
        {
            TruncationStrategy.OnlyFirst => (first - excess, second),
            TruncationStrategy.OnlySecond => (first, second - excess),
            _ => Shared(first, second, room, oddToFirst),
        };
        if (firstLength < (first > 0 ? 1 : 0) || secondLength < (second > 0 ? 1 : 0))
            throw new ArgumentException($"The text that is to be shortened is too short: {excess} tokens of {first} and {second} are too many for a row of {truncation.Length}.", nameof(truncation));
        return (Cut(first, (int)firstLength, truncation.Stride), Cut(second, (int)secondLength, truncation.Stride));
    }

    // The shorter text keeps what it has as long as that is less than half.
    private static (long, long) Shared(int first, int second, int room, bool oddToFirst)
    {
        var (less, more) = (Math.Min(first, second), Math.Max(first, second));
        more = less > room ? less : Math.Max(less, room - less);
        if ((long)less + more > room)
            (less, more, first) = (room / 2, room / 2 + room % 2, oddToFirst ? int.MaxValue : first);
        return first > second ? (more, less) : (less, more);
    }

    private static List<TextRange> Cut(int count, int length, int stride)
    {
        if (length >= count)
            return [new TextRange(0, count)];
        if (stride < 0 || stride >= length)
            throw new ArgumentException($"A stride of {stride} does not go with windows of {length} tokens; it must be less.", nameof(stride));
        var windows = new List<TextRange>();
        for (var start = 0; windows.Count == 0 || windows[^1].End < count; start += length - stride)
            windows.Add(new TextRange(start, Math.Min(length, count - start)));
        return windows;
    }
}
