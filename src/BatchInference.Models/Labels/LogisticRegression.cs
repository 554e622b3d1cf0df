namespace BatchInference.Models.Labels;

/// <summary>
/// Multinomial logistic regression with L2 on the weights, not on the biases. Logits may have an offset that is given, not learned: here the similarity to descriptions, so that the weights learn only what it does not tell.
/// </summary>
internal sealed class LogisticRegression
{
    private readonly Matrix features;
    private readonly int[] classes;
    private readonly int[] present;
    private readonly double l2;

    private LogisticRegression(Matrix features, int[] classes, int[] present, double l2)
    {
        this.features = features;
        this.classes = classes;
        this.present = present;
        this.l2 = l2;
    }

    /// <summary>Minimises mean log loss + l2 / 2 × sum of squared weights.</summary>
    /// <param name="features">One row an example.</param>
    /// <param name="classes">The class of each example.</param>
    /// <param name="classCount">How many classes there are. One without example takes no part and keeps weights of zero, which is the mean of the others' logits.</param>
    /// <param name="offsets">Logits that are given, examples × classes; null for none.</param>
    /// <param name="l2">Strength.</param>
    /// <param name="start">Parameters to start from, replaced by the result: class after class the weights, then all biases.</param>
    /// <param name="precise">False for a fit that only compares strengths.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public static void Fit(Matrix features, int[] classes, int classCount, Matrix? offsets, double l2, double[] start, bool precise, CancellationToken cancellationToken)
    {
        var present = Enumerable.Range(0, classCount).Where(k => Array.IndexOf(classes, k) >= 0).ToArray();
        if (present.Length < 2)
            return;
        var regression = new LogisticRegression(features, classes, present, l2);
        LimitedMemoryBfgs.Minimize(
            (point, gradient) => regression.Evaluate(point, gradient, classCount, offsets), start, precise ? 1e-8 : 1e-5, precise ? 1000 : 200, cancellationToken);
    }

    /// <summary>The logits of one row.</summary>
    public static void Logits(ReadOnlySpan<double> parameters, ReadOnlySpan<double> row, Span<double> logits)
    {
        for (var k = 0; k < logits.Length; k++)
            logits[k] = Matrix.Dot(row, parameters.Slice(k * row.Length, row.Length)) + parameters[(logits.Length * row.Length) + k];
    }

    private double Evaluate(ReadOnlySpan<double> point, Span<double> gradient, int classCount, Matrix? offsets)
    {
        var width = features.Columns;
        var biases = classCount * width;
        gradient.Clear();
        var loss = 0.0;
        Span<double> logits = present.Length <= 256 ? stackalloc double[present.Length] : new double[present.Length];
        for (var i = 0; i < features.Rows; i++)
        {
            var row = features.Row(i);
            for (var p = 0; p < present.Length; p++)
            {
                var k = present[p];
                logits[p] = Matrix.Dot(row, point.Slice(k * width, width)) + point[biases + k] + (offsets is null ? 0 : offsets[i, k]);
            }

            var own = Array.IndexOf(present, classes[i]);
            var truth = logits[own];
            loss += Softmax.Apply(logits) - truth;
            logits[own] -= 1;
            for (var p = 0; p < present.Length; p++)
            {
                Matrix.AddScaled(gradient.Slice(present[p] * width, width), logits[p], row);
                gradient[biases + present[p]] += logits[p];
            }
        }

        foreach (ref var component in gradient)
            component /= features.Rows;
        var weights = point[..biases];
        Matrix.AddScaled(gradient[..biases], l2, weights);
        return (loss / features.Rows) + (l2 / 2 * Matrix.Dot(weights, weights));
    }
}
