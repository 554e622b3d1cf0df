using System.Numerics.Tensors;

namespace BatchInference.Models.Generation.Rules;

/// <summary>Forbids tokens with less than <paramref name="share"/> of the best one's probability.</summary>
internal sealed class MinP(double share) : LogitsRule
{
    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores)
    {
        var shares = new float[scores.Length];
        TensorPrimitives.SoftMax(scores, shares);
        var least = (float)share * TensorPrimitives.Max<float>(shares);
        for (var token = 0; token < scores.Length; token++)
            if (shares[token] < least)
                scores[token] = float.NegativeInfinity;
    }
}
