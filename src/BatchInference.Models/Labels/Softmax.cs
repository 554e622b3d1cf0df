namespace BatchInference.Models.Labels;

/// <summary>Logits to probabilities.</summary>
internal static class Softmax
{
    /// <summary>Replaces logits by their probabilities.</summary>
    /// <returns>The logarithm of the sum of the exponentials of the logits.</returns>
    public static double Apply(Span<double> logits)
    {
        var largest = double.NegativeInfinity;
        foreach (var logit in logits)
            largest = Math.Max(largest, logit);
        var sum = 0.0;
        foreach (ref var value in logits)
        {
            value = Math.Exp(value - largest);
            sum += value;
        }

        foreach (ref var value in logits)
            value /= sum;
        return largest + Math.Log(sum);
    }

    /// <summary>The index of the largest value, the first of equals.</summary>
    public static int Best(ReadOnlySpan<double> values)
    {
        var best = 0;
        for (var k = 1; k < values.Length; k++)
            if (values[k] > values[best])
                best = k;
        return best;
    }
}
