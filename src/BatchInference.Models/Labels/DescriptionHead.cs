namespace BatchInference.Models.Labels;

/// <summary>Label vectors from descriptions: each the mean of its descriptions' normalised vectors, less the mean of all labels, normalised.</summary>
internal static class DescriptionHead
{
    /// <summary>
    /// Softmax temperature of the cosines: that of least log loss of the shipped topics on the train split is 0.055. It is not calibrated on anybody's archive, so it errs to modest scores.
    /// </summary>
    public const double Temperature = 0.06;

    /// <summary>The same without a mean of the archive: the cosines of bare sentence vectors lie closer together (least log loss at 0.006).</summary>
    public const double TemperatureWithoutMean = 0.0075;

    /// <summary>The head of a set that has descriptions and no examples.</summary>
    /// <param name="set">The set.</param>
    /// <param name="encoder">The model.</param>
    /// <param name="mean">The pinned mean of the archive; null for the default of the model.</param>
    /// <param name="cancellationToken">Stops the embedding.</param>
    /// <exception cref="LabelSetException">A label has no description.</exception>
    public static LabelHead Of(LabelSet set, TextEncoder encoder, ArchiveMean? mean, CancellationToken cancellationToken)
    {
        if (set.Labels.Where(label => label.Descriptions.Count == 0).Select(label => label.Name).ToArray() is { Length: > 0 } bare)
            throw new LabelSetException(
                $"{Path.Combine(set.Folder, LabelSet.FileName)}: {string.Join(", ", bare.Select(name => $"`{name}`"))} {(bare.Length == 1 ? "has" : "have")} no description, and the set was not trained for {encoder.Model}. "
                + $"Write descriptions for each label, or train the set with `batch-inference labels train {set.Name} --examples FILE`.");
        mean ??= DefaultMeans.Of(encoder);
        return new LabelHead
        {
            Basis = LabelBasis.Descriptions,
            Model = encoder.Model,
            ModelFingerprint = encoder.Fingerprint,
            Labels = [.. set.Labels.Select(label => label.Name)],
            LabelsSha256 = set.Sha256,
            Temperature = mean is null ? TemperatureWithoutMean : Temperature,
            ArchiveMean = mean,
            Similarity = new DescriptionPart(1, 1, Vectors(set, encoder, centred: mean is not null, cancellationToken)),
        }.Sealed();
    }

    /// <summary>The vectors of all labels, one after another.</summary>
    public static float[] Vectors(LabelSet set, TextEncoder encoder, bool centred, CancellationToken cancellationToken)
    {
        var texts = set.Labels.SelectMany(label => label.Descriptions).Select(description => description.Text).ToArray();
        var vectors = encoder.Embed(texts, cancellationToken);
        var width = vectors[0].Length;
        var labels = new Matrix(set.Labels.Count, width);
        var next = 0;
        for (var k = 0; k < labels.Rows; k++)
        {
            var descriptions = set.Labels[k].Descriptions;
            foreach (var _ in descriptions)
                Matrix.AddScaled(labels.Row(k), 1.0 / descriptions.Count, Normalized(vectors[next++], encoder));
        }

        var middle = new double[width];
        for (var k = 0; centred && k < labels.Rows; k++)
            Matrix.AddScaled(middle, 1.0 / labels.Rows, labels.Row(k));
        for (var k = 0; k < labels.Rows; k++)
        {
            Matrix.AddScaled(labels.Row(k), -1, middle);
            if (!Matrix.Normalize(labels.Row(k)))
                throw new LabelSetException($"{Path.Combine(set.Folder, LabelSet.FileName)}: the descriptions of the labels cannot be told apart by {encoder.Model}. Write descriptions that differ.");
        }

        var result = new float[labels.Rows * width];
        for (var i = 0; i < result.Length; i++)
            result[i] = (float)labels[i / width, i % width];
        return result;
    }

    private static double[] Normalized(float[] vector, TextEncoder encoder)
    {
        var wide = Array.ConvertAll(vector, value => (double)value);
        return Matrix.Normalize(wide) ? wide : throw new LabelSetException($"{encoder.Model} gave no finite vector for a description. Check the model with `batch-inference models verify`.");
    }
}
