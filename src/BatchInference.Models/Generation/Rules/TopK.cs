namespace BatchInference.Models.Generation.Rules;

/// <summary>Forbids all but the <paramref name="count"/> best tokens; those that equal the last of them stay too.</summary>
internal sealed class TopK(int count) : LogitsRule
{
    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores)
    {
        if (count >= scores.Length)
            return;
        var best = new PriorityQueue<float, float>(count + 1);
        foreach (var score in scores)
        {
            if (best.Count < count)
                best.Enqueue(score, score);
            else
                best.EnqueueDequeue(score, score);
        }

        var least = best.Peek();
        for (var token = 0; token < scores.Length; token++)
            if (scores[token] < least)
                scores[token] = float.NegativeInfinity;
    }
}
