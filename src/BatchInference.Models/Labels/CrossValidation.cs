namespace BatchInference.Models.Labels;

/// <summary>Chooses the L2 strength and the weight of the descriptions by the log loss on held-out folds, each candidate at its own best temperature.</summary>
internal sealed class CrossValidation
{
    /// <summary>From nearly nothing learned to nearly everything; half of it times the sum of squared weights is added to the mean log loss.</summary>
    private static readonly double[] Strengths = [10, 3, 1, 0.3, 0.1, 0.03, 0.01];

    private readonly Matrix vectors;
    private readonly Matrix? similarities;
    private readonly int[] classes;
    private readonly int classCount;
    private readonly Fold[] folds;

    private CrossValidation(Matrix vectors, Matrix? similarities, int[] classes, int classCount, Folds cut)
    {
        this.vectors = vectors;
        this.similarities = similarities;
        this.classes = classes;
        this.classCount = classCount;
        folds = [.. Enumerable.Range(0, cut.Count).Select(fold => new Fold(vectors, classes, cut, fold))];
    }

    /// <summary>Runs all candidates.</summary>
    /// <param name="vectors">Normalised document vectors.</param>
    /// <param name="similarities">Standardised similarities to the descriptions, examples × classes; null to leave them out.</param>
    /// <param name="classes">The class of each example.</param>
    /// <param name="classCount">How many classes there are.</param>
    /// <param name="cut">At least two folds.</param>
    /// <param name="weights">Candidate weights of the similarities.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public static Choice Run(Matrix vectors, Matrix? similarities, int[] classes, int classCount, Folds cut, IReadOnlyList<double> weights, CancellationToken cancellationToken)
    {
        var validation = new CrossValidation(vectors, similarities, classes, classCount, cut);
        Choice? best = null;
        foreach (var weight in weights)
        {
            var starts = validation.Starts();
            var lowest = double.PositiveInfinity;
            var worse = 0;

            // From strong to weak each fit starts where the last one ended. The loss falls and then rises: after two rises the rest need not be tried.
            foreach (var strength in Strengths)
            {
                var candidate = validation.HeldOut(strength, weight, starts, cancellationToken);
                if (best is null || candidate.Loss < best.Loss)
                    best = candidate;
                worse = candidate.Loss < lowest ? 0 : worse + 1;
                lowest = Math.Min(lowest, candidate.Loss);
                if (worse == 2)
                    break;
            }
        }

        return validation.Refine(best!, cancellationToken);
    }

    // The loss is flat near its lowest point, the chosen strength therefore coarse: two rounds of neighbours bring it to a third.
    private Choice Refine(Choice best, CancellationToken cancellationToken)
    {
        foreach (var factor in (ReadOnlySpan<double>)[1.8, 1.35])
        {
            var center = best.L2;
            foreach (var strength in (ReadOnlySpan<double>)[center * factor, center / factor])
            {
                var candidate = HeldOut(strength, best.Weight, Starts(), cancellationToken);
                if (candidate.Loss < best.Loss)
                    best = candidate;
            }
        }

        return best;
    }

    private double[][] Starts() => Array.ConvertAll(folds, _ => new double[classCount * (vectors.Columns + 1)]);

    private Choice HeldOut(double strength, double weight, double[][] starts, CancellationToken cancellationToken)
    {
        var logits = new Matrix(vectors.Rows, classCount);

        // Folds share nothing that they write, so running them side by side changes no bit.
        Parallel.For(0, folds.Length, new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount }, f =>
        {
            var fold = folds[f];
            var offsets = similarities is null ? null : Scaled(similarities.Take(fold.Training), weight);
            LogisticRegression.Fit(fold.TrainingRows, fold.TrainingClasses, classCount, offsets, strength, starts[f], precise: false, cancellationToken);
            for (var i = 0; i < fold.HeldOut.Length; i++)
            {
                var row = logits.Row(fold.HeldOut[i]);
                LogisticRegression.Logits(starts[f], fold.HeldOutRows.Row(i), row);
                if (similarities is not null)
                    Matrix.AddScaled(row, weight, similarities.Row(fold.HeldOut[i]));
            }
        });
        var temperature = Calibration.Temperature(logits, classes);
        var loss = 0.0;
        foreach (var one in Calibration.Losses(logits, classes, temperature))
            loss += one / logits.Rows;
        return new Choice(strength, weight, temperature, loss, logits);
    }

    internal static Matrix Scaled(Matrix matrix, double factor)
    {
        var scaled = new Matrix(matrix.Rows, matrix.Columns);
        for (var i = 0; i < matrix.Rows; i++)
            Matrix.AddScaled(scaled.Row(i), factor, matrix.Row(i));
        return scaled;
    }

    /// <summary>The best candidate.</summary>
    /// <param name="L2">Strength.</param>
    /// <param name="Weight">Weight of the similarities.</param>
    /// <param name="Temperature">The temperature of least log loss.</param>
    /// <param name="Loss">That log loss.</param>
    /// <param name="Logits">The held-out logits, before the temperature.</param>
    public sealed record Choice(double L2, double Weight, double Temperature, double Loss, Matrix Logits);

    // Standardised by the training part alone: the held-out part has no say in what it is measured with.
    private sealed class Fold
    {
        public Fold(Matrix vectors, int[] classes, Folds cut, int fold)
        {
            Training = [.. Enumerable.Range(0, vectors.Rows).Where(i => cut.FoldOf[i] != fold)];
            HeldOut = [.. Enumerable.Range(0, vectors.Rows).Where(i => cut.FoldOf[i] == fold)];
            TrainingClasses = Array.ConvertAll(Training, i => classes[i]);
            var training = vectors.Take(Training);
            var standardization = Standardization.Of(training);
            TrainingRows = standardization.Apply(training);
            HeldOutRows = standardization.Apply(vectors.Take(HeldOut));
        }

        public int[] Training { get; }

        public int[] HeldOut { get; }

        public int[] TrainingClasses { get; }

        public Matrix TrainingRows { get; }

        public Matrix HeldOutRows { get; }
    }
}
