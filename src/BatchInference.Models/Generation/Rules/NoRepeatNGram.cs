namespace BatchInference.Models.Generation.Rules;

/// <summary>Forbids a token that would end a run of <paramref name="size"/> tokens which the row holds already.</summary>
internal sealed class NoRepeatNGram(int size) : LogitsRule
{
    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores) => Forbid(row.Ids, row.Ids, size, scores);

    /// <summary>Forbids what follows the end of <paramref name="ids"/> anywhere in <paramref name="text"/>.</summary>
    public static void Forbid(ReadOnlySpan<int> text, ReadOnlySpan<int> ids, int size, Span<float> scores)
    {
        if (ids.Length < size - 1)
            return;
        var end = ids[(ids.Length - size + 1)..];
        for (var last = size - 1; last < text.Length; last++)
            if (text[(last - size + 1)..last].SequenceEqual(end) && (uint)text[last] < (uint)scores.Length)
                scores[text[last]] = float.NegativeInfinity;
    }
}
