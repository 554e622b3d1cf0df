using System.Numerics.Tensors;

namespace BatchInference.Models.Generation.Rules;

/// <summary>Forbids the least likely tokens that together have at most the probability 1 − <paramref name="probability"/> (Holtzman et al. 2020, nucleus sampling); the best one stays.</summary>
internal sealed class TopP(double probability) : LogitsRule
{
    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores)
    {
        var allowed = new List<int>(64);
        for (var token = 0; token < scores.Length; token++)
            if (!float.IsNegativeInfinity(scores[token]))
                allowed.Add(token);
        var order = allowed.ToArray();
        var sorted = new float[order.Length];
        for (var place = 0; place < order.Length; place++)
            sorted[place] = scores[order[place]];
        Array.Sort(sorted, order);

        // What was forbidden before would have probability 0 and changes nothing.
        var shares = new float[sorted.Length];
        TensorPrimitives.SoftMax<float>(sorted, shares);
        var (total, rest) = (0f, (float)(1 - probability));
        for (var place = 0; place < order.Length - 1; place++)
        {
            total += shares[place];
            if (total > rest)
                return;
            scores[order[place]] = float.NegativeInfinity;
        }
    }
}
