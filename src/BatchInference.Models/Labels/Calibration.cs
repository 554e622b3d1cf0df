namespace BatchInference.Models.Labels;

/// <summary>Temperature scaling (Guo et al. 2017): the one number that logits are divided by so that scores are as often right as they say.</summary>
internal static class Calibration
{
    private const double Coldest = 0.02;
    private const double Hottest = 50;

    /// <summary>The temperature of least mean log loss.</summary>
    /// <param name="logits">Held-out examples × labels.</param>
    /// <param name="classes">The true label of each.</param>
    /// <remarks>
    /// The truth is given a little less than certainty, (n + 1) / (n + 2) with n examples (Platt 1999):
    /// a few examples that happen to be all right would else ask for scores of 1. The loss is convex in 1 / temperature, so its slope is bisected.
    /// </remarks>
    public static double Temperature(Matrix logits, IReadOnlyList<int> classes)
    {
        var (low, high) = (1 / Hottest, 1 / Coldest);
        for (var step = 0; step < 60; step++)
        {
            var middle = Math.Sqrt(low * high);
            if (Slope(logits, classes, middle) > 0)
                high = middle;
            else
                low = middle;
        }

        return 1 / Math.Sqrt(low * high);
    }

    /// <summary>The log loss of each example at a temperature.</summary>
    public static double[] Losses(Matrix logits, IReadOnlyList<int> classes, double temperature)
    {
        var losses = new double[logits.Rows];
        var row = new double[logits.Columns];
        for (var i = 0; i < losses.Length; i++)
        {
            Scale(logits.Row(i), 1 / temperature, row);
            var truth = row[classes[i]];
            losses[i] = Softmax.Apply(row) - truth;
        }

        return losses;
    }

    private static double Slope(Matrix logits, IReadOnlyList<int> classes, double inverse)
    {
        var doubt = 1.0 / (logits.Rows + 2);
        var row = new double[logits.Columns];
        var slope = 0.0;
        for (var i = 0; i < logits.Rows; i++)
        {
            var given = logits.Row(i);
            Scale(given, inverse, row);
            Softmax.Apply(row);
            var others = doubt / (given.Length - 1);
            for (var k = 0; k < given.Length; k++)
                slope += given[k] * (row[k] - (k == classes[i] ? 1 - doubt : others));
        }

        return slope;
    }

    private static void Scale(ReadOnlySpan<double> from, double factor, Span<double> to)
    {
        for (var k = 0; k < from.Length; k++)
            to[k] = from[k] * factor;
    }
}
