namespace BatchInference.Models.Labels;

/// <summary>Takes the mean off each component and divides it by its deviation, both learned from examples.</summary>
internal sealed class Standardization
{
    // With few examples a component may hardly vary by chance and would then be blown up in other documents:
    // the deviation is drawn to the mean deviation of all components as if this many more examples had shown that.
    private const double PriorExamples = 10;

    private readonly double[] mean;
    private readonly double[] scale;

    private Standardization(double[] mean, double[] scale)
    {
        this.mean = mean;
        this.scale = scale;
    }

    /// <summary>Taken off.</summary>
    public IReadOnlyList<double> Mean => mean;

    /// <summary>What divides; never zero.</summary>
    public IReadOnlyList<double> Scale => scale;

    /// <summary>Learns from rows.</summary>
    public static Standardization Of(Matrix rows)
    {
        var mean = new double[rows.Columns];
        for (var i = 0; i < rows.Rows; i++)
            Matrix.AddScaled(mean, 1.0 / rows.Rows, rows.Row(i));
        var variance = new double[rows.Columns];
        for (var i = 0; i < rows.Rows; i++)
        {
            var row = rows.Row(i);
            for (var j = 0; j < mean.Length; j++)
                variance[j] += (row[j] - mean[j]) * (row[j] - mean[j]) / rows.Rows;
        }

        var prior = 0.0;
        foreach (var value in variance)
            prior += value / variance.Length;
        return new Standardization(mean, Array.ConvertAll(variance, value =>
            prior > 0 ? Math.Sqrt(((value * rows.Rows) + (prior * PriorExamples)) / (rows.Rows + PriorExamples)) : 1));
    }

    /// <summary>A copy of rows, standardised.</summary>
    public Matrix Apply(Matrix rows)
    {
        var result = new Matrix(rows.Rows, rows.Columns);
        for (var i = 0; i < rows.Rows; i++)
        {
            var from = rows.Row(i);
            var to = result.Row(i);
            for (var j = 0; j < mean.Length; j++)
                to[j] = (from[j] - mean[j]) / scale[j];
        }

        return result;
    }
}
