using System.Numerics.Tensors;

namespace BatchInference.Models.Generation.Rules;

/// <summary>Divides all scores: below 1 sharpens the distribution, above 1 flattens it.</summary>
internal sealed class Temperature(double temperature) : LogitsRule
{
    /// <inheritdoc/>
    public override void Apply(RowSoFar row, Span<float> scores) => TensorPrimitives.Divide(scores, (float)temperature, scores);
}
