using BatchInference.Models.Labels;
using CsCheck;

namespace BatchInference.Models.Tests.Labels;

public sealed class LogisticRegressionTests
{
    [Fact]
    public void TheMinimumOfAQuadraticIsFound()
    {
        double[] target = [3, -1, 0.5, 12, -7];
        double[] steepness = [1, 100, 0.01, 5, 2];
        var point = new double[5];
        LimitedMemoryBfgs.Minimize(
            (at, gradient) =>
            {
                var value = 0.0;
                for (var j = 0; j < 5; j++)
                {
                    gradient[j] = steepness[j] * (at[j] - target[j]);
                    value += steepness[j] / 2 * (at[j] - target[j]) * (at[j] - target[j]);
                }

                return value;
            },
            point, 1e-10, 200, CancellationToken.None);
        for (var j = 0; j < 5; j++)
            point[j].ShouldBe(target[j], 1e-4);
    }

    /// <summary>At the minimum the weights of a class are the mean of its residuals over the strength, and the mean residual of each class is zero.</summary>
    [Fact]
    public void AFitMeetsTheConditionsOfTheMinimum() =>
        Gen.Select(Gen.Double[-2, 2].Array[5].Array[12, 40], Gen.Int[0, 2].Array[40], Gen.Double[0.05, 5]).Sample((rows, drawn, l2) =>
        {
            var features = Of(rows);
            var classes = rows.Select((_, i) => i < 3 ? i : drawn[i]).ToArray();
            var fitted = new double[3 * 6];
            LogisticRegression.Fit(features, classes, 3, null, l2, fitted, precise: true, CancellationToken.None);
            var gradient = new double[3 * 6];
            var logits = new double[3];
            for (var i = 0; i < rows.Length; i++)
            {
                LogisticRegression.Logits(fitted, features.Row(i), logits);
                Softmax.Apply(logits);
                for (var k = 0; k < 3; k++)
                {
                    var residual = (logits[k] - (classes[i] == k ? 1 : 0)) / rows.Length;
                    gradient[15 + k] += residual;
                    for (var j = 0; j < 5; j++)
                        gradient[(k * 5) + j] += residual * rows[i][j];
                }
            }

            for (var k = 0; k < 15; k++)
                (gradient[k] + (l2 * fitted[k])).ShouldBe(0, 1e-5);
            for (var k = 15; k < 18; k++)
                gradient[k].ShouldBe(0, 1e-5);
        }, iter: 60);

    [Fact]
    public void AClassWithoutExampleKeepsWeightsOfZeroAndTheOthersAddUpToZero()
    {
        var fitted = new double[4 * 3];
        LogisticRegression.Fit(Of([[1, 0], [0, 1], [1, 0.2], [0, 0.9], [0.5, 0.4]]), [0, 3, 0, 3, 0], 4, null, 0.1, fitted, precise: true, CancellationToken.None);
        foreach (var zero in (int[])[2, 3, 4, 5, 9, 10])
            fitted[zero].ShouldBe(0);
        (fitted[0] + fitted[6]).ShouldBe(0, 1e-9);
        (fitted[8] + fitted[11]).ShouldBe(0, 1e-9);
        fitted[0].ShouldBeGreaterThan(0);
    }

    [Fact]
    public void TheHotterTheTruthTheHotterTheTemperature()
    {
        // Logits of ±2 whose sign is right three times in four: the calibrated score is near 0.75, so the temperature near 4 / ln 3.
        var logits = new Matrix(400, 2);
        var classes = new int[400];
        for (var i = 0; i < 400; i++)
        {
            logits[i, 0] = 2;
            logits[i, 1] = -2;
            classes[i] = i % 4 == 0 ? 1 : 0;
        }

        Calibration.Temperature(logits, classes).ShouldBe(4 / Math.Log(3), 0.1);
        Calibration.Losses(logits, classes, 4 / Math.Log(3)).Average().ShouldBe(0.5623, 1e-3);
    }

    [Fact]
    public void AllRightOnAFewExamplesDoesNotMeanCertainty()
    {
        var logits = new Matrix(6, 2);
        for (var i = 0; i < 6; i++)
            logits[i, i % 2] = 1;
        var temperature = Calibration.Temperature(logits, [0, 1, 0, 1, 0, 1]);
        (1 / (1 + Math.Exp(-1 / temperature))).ShouldBe(7.0 / 8, 1e-6);
    }

    [Fact]
    public void FoldsKeepGroupsTogetherAndSpreadEachLabel() =>
        Gen.Select(Gen.Int[0, 30].Array[10, 120], Gen.Int[2, 4]).Sample((ids, labels) =>
        {
            var groups = ids.Select(id => $"g{id}").ToArray();
            var classes = ids.Select(id => id % labels).ToArray();
            var folds = Folds.Of(groups, classes, labels);
            for (var i = 0; i < ids.Length; i++)
                folds.FoldOf[i].ShouldBe(folds.FoldOf[Array.IndexOf(ids, ids[i])]);
            for (var k = 0; folds.Count >= 2 && k < labels; k++)
            {
                var sizes = Enumerable.Range(0, folds.Count).Select(fold => ids.Where((id, i) => classes[i] == k && folds.FoldOf[i] == fold).Distinct().Count()).ToArray();
                (sizes.Max() - sizes.Min()).ShouldBeLessThanOrEqualTo(1);
            }
        });

    private static Matrix Of(double[][] rows)
    {
        var matrix = new Matrix(rows.Length, rows[0].Length);
        for (var i = 0; i < rows.Length; i++)
            rows[i].CopyTo(matrix.Row(i));
        return matrix;
    }
}
