namespace BatchInference.Models.Labels;

/// <summary>Scores document vectors with a head. Has no state of its own: may be used by any number of threads.</summary>
public sealed class LabelClassifier
{
    private readonly int width;
    private readonly double[]? archiveMean;
    private readonly double[][]? descriptions;
    private readonly double[]? mean;
    private readonly double[]? scale;
    private readonly double[][]? weights;

    internal LabelClassifier(LabelHead head)
    {
        Head = head;
        var labels = head.Labels.Count;
        width = head.Head?.Mean.Count ?? head.Similarity!.Vectors.Count / labels;
        archiveMean = head.ArchiveMean is { } pinned ? Wide(pinned.Values) : null;
        descriptions = head.Similarity is { } similarity ? Rows(similarity.Vectors, labels) : null;
        mean = head.Head is null ? null : Wide(head.Head.Mean);
        scale = head.Head is null ? null : Wide(head.Head.Scale);
        weights = head.Head is null ? null : Rows(head.Head.Weights, labels);
    }

    /// <summary>The head that it applies.</summary>
    public LabelHead Head { get; }

    /// <summary>The labels, in the order of the scores.</summary>
    public IReadOnlyList<string> Labels => Head.Labels;

    /// <summary>The probability of each label, in the order of <see cref="Labels"/>; their sum is 1.</summary>
    /// <param name="vector">A document vector, of any length but zero.</param>
    /// <returns>Null when the vector is zero or holds what is no number.</returns>
    /// <exception cref="ArgumentException">The vector has another width than those it was trained on.</exception>
    public double[]? Scores(ReadOnlySpan<float> vector)
    {
        var x = new double[vector.Length];
        for (var j = 0; j < x.Length; j++)
            x[j] = vector[j];
        if (x.Length != width)
            throw new ArgumentException($"The head reads vectors of {width} numbers, this one has {x.Length}.", nameof(vector));
        if (!Matrix.Normalize(x))
            return null;

        var scores = new double[Labels.Count];
        AddSimilarities(x, scores);
        AddHead(x, scores);
        foreach (ref var score in scores.AsSpan())
            score /= Head.Temperature;
        Softmax.Apply(scores);
        return scores;
    }

    /// <summary>The cosines of a normalised vector with the descriptions.</summary>
    internal static void Cosines(ReadOnlySpan<double> vector, double[]? archiveMean, double[][] descriptions, Span<double> cosines)
    {
        var centred = vector.ToArray();
        if (archiveMean is not null)
            Matrix.AddScaled(centred, -1, archiveMean);

        // A document that is the mean itself is like no label more than another.
        Matrix.Normalize(centred);
        for (var k = 0; k < cosines.Length; k++)
            cosines[k] = Matrix.Dot(centred, descriptions[k]);
    }

    internal static double[] Wide(IReadOnlyList<float> values)
    {
        var wide = new double[values.Count];
        for (var i = 0; i < wide.Length; i++)
            wide[i] = values[i];
        return wide;
    }

    internal static double[][] Rows(IReadOnlyList<float> values, int rows)
    {
        var wide = Wide(values);
        return [.. Enumerable.Range(0, rows).Select(row => wide[(row * wide.Length / rows)..((row + 1) * wide.Length / rows)])];
    }

    private void AddSimilarities(double[] x, double[] scores)
    {
        if (descriptions is null)
            return;
        var cosines = new double[scores.Length];
        Cosines(x, archiveMean, descriptions, cosines);
        Matrix.AddScaled(scores, Head.Similarity!.Weight / Head.Similarity.Deviation, cosines);
    }

    private void AddHead(double[] x, double[] scores)
    {
        if (mean is null || scale is null || weights is null)
            return;
        for (var j = 0; j < x.Length; j++)
            x[j] = (x[j] - mean[j]) / scale[j];
        for (var k = 0; k < scores.Length; k++)
            scores[k] += Matrix.Dot(x, weights[k]) + Head.Head!.Bias[k];
    }
}
