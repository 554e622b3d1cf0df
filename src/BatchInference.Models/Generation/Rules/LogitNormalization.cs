using System.Numerics.Tensors;

namespace BatchInference.Models.Generation.Rules;

/// <summary>Makes the scores the logarithms of probabilities that sum to one, after all other rules; what is forbidden stays so.</summary>
internal sealed class LogitNormalization : LogitsRule
{
    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores) => Normalize(scores);

    /// <summary><c>log_softmax</c> in single precision, its sum in double. Scores that are all forbidden stay as they are.</summary>
    public static void Normalize(Span<float> scores)
    {
        var most = TensorPrimitives.Max<float>(scores);
        if (float.IsNegativeInfinity(most))
            return;
        TensorPrimitives.Subtract(scores, most, scores);
        var sum = 0.0;
        foreach (var score in scores)
            sum += MathF.Exp(score);
        TensorPrimitives.Subtract(scores, (float)Math.Log(sum), scores);
    }
}
