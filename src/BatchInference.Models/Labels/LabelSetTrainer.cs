namespace BatchInference.Models.Labels;

/// <summary>
/// Trains the head of a label set: multinomial logistic regression on standardised, L2-normalised document vectors, joined by the similarity to the descriptions where examples are few; strengths and calibration by cross-validation.
/// </summary>
/// <remarks>
/// The same examples in the same order on the same kind of machine give the same file, byte for byte.
/// A label with one example is learned from it and measured, when it is held out, as a label without; a label without example keeps the mean logit of the others, so that its description alone raises or lowers it.
/// </remarks>
/// <param name="encoder">The model whose vectors the head will read.</param>
public sealed class LabelSetTrainer(TextEncoder encoder)
{
    /// <summary>
    /// Where every label has this many groups of examples, the head stands alone: what the descriptions still add is small, and answers no longer depend on how well they are written.
    /// </summary>
    public const int FewExamples = 50;

    /// <summary>From this many texts on, the mean of the archive is theirs instead of the shipped default.</summary>
    public const int OwnSample = 200;

    private static readonly double[] Weights = [0, 0.25, 0.5, 1, 1.5, 2, 3];

    /// <summary>Trains. Without any labelled example the head is one of descriptions, with the mean of the texts.</summary>
    /// <exception cref="LabelSetException">An example has a label that the set does not know, or there is too little to tell the labels apart: all errors at once.</exception>
    public LabelHead Train(LabelSet set, IReadOnlyList<Example> examples, CancellationToken cancellationToken = default)
    {
        var names = set.Labels.Select(label => label.Name).ToList();
        Check(set, examples, names);
        Example[] labelled = [.. examples.Where(example => example.Label is not null)];
        Example[] unlabelled = [.. examples.Where(example => example.Label is null)];
        var notes = new List<string>();
        if (unlabelled.Length > 0)
            notes.Add($"{unlabelled.Length} texts have no label: they only belong to the sample of the archive.");
        var all = Vectors([.. labelled, .. unlabelled], cancellationToken);
        var mean = Mean(all, notes);
        var told = new TrainingExamples(
            labelled.Length, unlabelled.Length, names.ToDictionary(name => name, name => labelled.Count(example => example.Label == name)), Example.Hash(examples), set.Origin);
        if (told.PerLabel.Values.Count(count => count > 0) < 2)
        {
            if (labelled.Length > 0)
                notes.Add("Only one label has examples: the descriptions decide alone.");
            return (DescriptionHead.Of(set, encoder, mean, cancellationToken) with { Examples = examples.Count > 0 ? told : null, Notes = notes }).Sealed();
        }

        var vectors = all.Take([.. Enumerable.Range(0, labelled.Length)]);
        var classes = Array.ConvertAll(labelled, example => names.IndexOf(example.Label!));
        var folds = Folds.Of([.. labelled.Select(example => example.Group)], classes, names.Count);
        var similarity = Describe(set, vectors, folds, mean, notes, cancellationToken);
        var choice = Choose(vectors, similarity, classes, names, folds, notes, cancellationToken);

        var standardization = Standardization.Of(vectors);
        var parameters = new double[names.Count * (vectors.Columns + 1)];
        var offsets = similarity is null ? null : CrossValidation.Scaled(similarity.Standardized, choice.Weight);
        LogisticRegression.Fit(standardization.Apply(vectors), classes, names.Count, offsets, choice.L2, parameters, precise: true, cancellationToken);
        return new LabelHead
        {
            Basis = similarity is not null && choice.Weight > 0 ? LabelBasis.ExamplesAndDescriptions : LabelBasis.Examples,
            Model = encoder.Model,
            ModelFingerprint = encoder.Fingerprint,
            Labels = names,
            LabelsSha256 = set.Sha256,
            Temperature = choice.Temperature,
            ArchiveMean = similarity is not null && choice.Weight > 0 ? mean : null,
            Similarity = similarity is not null && choice.Weight > 0 ? new DescriptionPart(choice.Weight, similarity.Deviation, similarity.Labels) : null,
            Head = new LinearPart(
                Narrow(standardization.Mean), Narrow(standardization.Scale), Narrow(parameters[..(names.Count * vectors.Columns)]), Narrow(parameters[(names.Count * vectors.Columns)..])),
            Examples = told,
            CrossValidation = folds.Count < 2 ? null : Figures(choice, labelled, classes, names, folds),
            Notes = notes,
        }.Sealed();
    }

    private static void Check(LabelSet set, IReadOnlyList<Example> examples, List<string> names)
    {
        var errors = new List<string>();
        foreach (var example in examples)
            if (example.Label is not null && !names.Contains(example.Label))
                errors.Add($"{(example.Place.Length > 0 ? example.Place : "An example")}: the label `{example.Label}` is not in the set {set.Name}. Add it to {Path.Combine(set.Folder, LabelSet.FileName)}, or correct the line.");
        var bare = set.Labels.Where(label => label.Descriptions.Count == 0).Select(label => label.Name).ToArray();
        var missing = names.Where(name => examples.All(example => example.Label != name)).ToArray();
        if (errors.Count == 0 && missing.Length > 0 && bare.Length > 0)
            errors.Add($"{Path.Combine(set.Folder, LabelSet.FileName)}: {List(missing)} without examples can only be told by description, but {List(bare)} without description cannot be compared. Add examples of the former, or describe the latter.");
        if (errors.Count > 0)
            throw new LabelSetException(errors);
    }

    private static string List(string[] names) => (names.Length == 1 ? "the label " : "the labels ") + string.Join(", ", names.Select(name => $"`{name}`"));

    private Matrix Vectors(Example[] examples, CancellationToken cancellationToken)
    {
        var raw = encoder.Embed(Array.ConvertAll(examples, example => example.Text), cancellationToken);
        var vectors = new Matrix(raw.Count, raw.Count == 0 ? 0 : raw[0].Length);
        for (var i = 0; i < raw.Count; i++)
        {
            var row = vectors.Row(i);
            for (var j = 0; j < row.Length; j++)
                row[j] = raw[i][j];
            if (!Matrix.Normalize(row))
                throw new LabelSetException($"{examples[i].Place}: {encoder.Model} gave no finite vector for this text. Remove the line, and check the model with `batch-inference models verify`.");
        }

        return vectors;
    }

    private ArchiveMean? Mean(Matrix vectors, List<string> notes)
    {
        var shipped = DefaultMeans.Of(encoder);
        if (vectors.Rows == 0 || (vectors.Rows < OwnSample && shipped is not null))
            return shipped;
        if (vectors.Rows < OwnSample)
            notes.Add($"The mean of the archive comes from {vectors.Rows} texts only, since none is shipped for this model. Texts without label in the examples make it better.");
        var mean = new double[vectors.Columns];
        for (var i = 0; i < vectors.Rows; i++)
            Matrix.AddScaled(mean, 1.0 / vectors.Rows, vectors.Row(i));
        var values = Narrow(mean);
        return new ArchiveMean($"the {vectors.Rows} texts of the examples", values, FloatsConverter.Hash(values));
    }

    private Similarities? Describe(LabelSet set, Matrix vectors, Folds folds, ArchiveMean? mean, List<string> notes, CancellationToken cancellationToken)
    {
        if (folds.GroupsOfClass.All(groups => groups >= FewExamples))
            return null;
        if (!set.IsDescribed)
        {
            notes.Add($"Labels with fewer than {FewExamples} examples would gain from descriptions, but not every label of the set has one.");
            return null;
        }

        var labels = DescriptionHead.Vectors(set, encoder, centred: mean is not null, cancellationToken);
        var rows = LabelClassifier.Rows(labels, set.Labels.Count);
        var center = mean is null ? null : LabelClassifier.Wide(mean.Values);
        var cosines = new Matrix(vectors.Rows, rows.Length);
        for (var i = 0; i < vectors.Rows; i++)
            LabelClassifier.Cosines(vectors.Row(i), center, rows, cosines.Row(i));
        return Similarities.Of(labels, cosines);
    }

    private static CrossValidation.Choice Choose(
        Matrix vectors, Similarities? similarity, int[] classes, List<string> names, Folds folds, List<string> notes, CancellationToken cancellationToken)
    {
        var missing = names.Where((_, k) => folds.GroupsOfClass[k] == 0 && !classes.Contains(k)).ToArray();
        if (missing.Length > 0)
            notes.Add($"{List(missing)} without examples: judged by description alone.");
        if (folds.Count < 2)
        {
            notes.Add("There are too few examples to hold any out: strengths are defaults and scores are not calibrated.");
            return new CrossValidation.Choice(1, similarity is null ? 0 : similarity.Deviation / DescriptionHead.Temperature, 1, 0, new Matrix(0, names.Count));
        }

        var single = names.Where((_, k) => folds.GroupsOfClass[k] == 1).ToArray();
        if (single.Length > 0)
            notes.Add($"{List(single)} with one example: learned from it, but never measured with it.");

        // Nothing that is held out can show how much a label without examples needs its description: it keeps at least a weight of one.
        return CrossValidation.Run(
            vectors, similarity?.Standardized, classes, names.Count, folds, similarity is null ? [0] : missing.Length > 0 ? [.. Weights.Where(weight => weight >= 1)] : Weights, cancellationToken);
    }

    private static CrossValidationFigures Figures(CrossValidation.Choice choice, Example[] examples, int[] classes, List<string> names, Folds folds)
    {
        var scores = new double[examples.Length][];
        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] = [.. choice.Logits.Row(i)];
            foreach (ref var logit in scores[i].AsSpan())
                logit /= choice.Temperature;
            Softmax.Apply(scores[i]);
        }

        var evaluation = LabelEvaluation.Of(names, classes, scores, Array.ConvertAll(examples, example => example.Language));
        return new CrossValidationFigures(folds.Count, folds.Groups, choice.L2, evaluation.Accuracy, evaluation.MacroF1, evaluation.LogLoss, evaluation.ExpectedCalibrationError);
    }

    private static float[] Narrow(IReadOnlyList<double> values)
    {
        var narrow = new float[values.Count];
        for (var i = 0; i < narrow.Length; i++)
            narrow[i] = (float)values[i];
        return narrow;
    }

    /// <summary>How like each description each example is.</summary>
    private sealed record Similarities(float[] Labels, Matrix Standardized, double Deviation)
    {
        public static Similarities Of(float[] labels, Matrix cosines)
        {
            var count = (double)cosines.Rows * cosines.Columns;
            var (mean, variance) = (0.0, 0.0);
            for (var i = 0; i < cosines.Rows; i++)
                foreach (var cosine in cosines.Row(i))
                    mean += cosine / count;
            for (var i = 0; i < cosines.Rows; i++)
                foreach (var cosine in cosines.Row(i))
                    variance += (cosine - mean) * (cosine - mean) / count;
            var deviation = variance > 0 ? Math.Sqrt(variance) : 1;

            // The mean is the same for all labels, so that the softmax does not see it: dividing is enough.
            return new Similarities(labels, CrossValidation.Scaled(cosines, 1 / deviation), deviation);
        }
    }
}
