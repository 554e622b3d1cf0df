using System.Numerics.Tensors;

namespace BatchInference.Models.Generation;

/// <summary>Draws tokens of one row. The stream follows from the seed and the row's own prompt, so that a row draws in company what it draws alone, on every machine.</summary>
/// <remarks>SplitMix64 (Steele, Lea and Flood 2014): small, portable, good enough for draws that nobody bets on.</remarks>
internal sealed class TokenChance
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    private ulong state;

    /// <param name="seed">The seed of the settings.</param>
    /// <param name="prompt">The row's prompt or source.</param>
    /// <param name="sequence">Which of the sequences of this prompt, from 0.</param>
    public TokenChance(ulong seed, ReadOnlySpan<int> prompt, int sequence)
    {
        state = seed;
        foreach (var id in prompt)
            state = Next() ^ (uint)id;
        state = Next() ^ (uint)sequence;
    }

    /// <summary>A token, each with its probability under the scores.</summary>
    public int Draw(ReadOnlySpan<float> scores)
    {
        var shares = new float[scores.Length];
        TensorPrimitives.SoftMax(scores, shares);
        var rest = (Next() >> 11) * (1.0 / (1UL << 53)) * Sum(shares);
        var last = 0;
        for (var token = 0; token < shares.Length; token++)
        {
            if (shares[token] <= 0)
                continue;
            last = token;
            rest -= shares[token];
            if (rest < 0)
                break;
        }

        return last;
    }

    private static double Sum(float[] shares)
    {
        var sum = 0.0;
        foreach (var share in shares)
            sum += share;
        return sum;
    }

    private ulong Next()
    {
        state += Step;
        var mixed = state;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
