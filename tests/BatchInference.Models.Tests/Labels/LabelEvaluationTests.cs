using System.Text.Json;
using BatchInference.Models.Labels;
using BatchInference.Testing;

namespace BatchInference.Models.Tests.Labels;

public sealed class LabelEvaluationTests
{
    /// <summary>Worked out by hand: six answers, four right.</summary>
    [Fact]
    public void FiguresAreThoseOfAHandCalculation()
    {
        double[][] scores = [[0.95, 0.05, 0], [0.8, 0.15, 0.05], [0.3, 0.6, 0.1], [0.45, 0.55, 0], [0.25, 0.65, 0.1], [0.1, 0.05, 0.85]];
        var figures = LabelEvaluation.Of(["a", "b", "c"], [0, 0, 0, 1, 1, 0], scores, ["fr", "fr", "fr", "en", "en", null]);
        figures.Examples.ShouldBe(6);
        figures.Accuracy.ShouldBe(4.0 / 6, 1e-12);
        figures.Confusion.ShouldBe([[2, 1, 1], [0, 2, 0], [0, 0, 0]], new Rows());
        figures.Labels[0].ShouldBe(new LabelFigures("a", 1, 0.5, 2 / 3.0, 4, 2));
        figures.Labels[1].Precision.ShouldBe(2 / 3.0, 1e-12);
        figures.Labels[1].F1.ShouldBe(0.8, 1e-12);
        figures.Labels[2].ShouldBe(new LabelFigures("c", 0, 0, 0, 0, 1));
        figures.MacroF1.ShouldBe(((2 / 3.0) + 0.8 + 0) / 3, 1e-12);

        // Bins: 0.5 holds 0.55 (right); 0.6 holds 0.6 (wrong) and 0.65 (right); 0.8 holds 0.8 (right) and 0.85 (wrong); 0.9 holds 0.95 (right).
        figures.ExpectedCalibrationError.ShouldBe((0.45 + 0.25 + 0.65 + 0.05) / 6, 1e-12);
        figures.Reliability[6].ShouldBe(new ReliabilityBin(0.6, 0.7, 2, 0.625, 0.5));
        figures.Reliability[0].MeanScore.ShouldBeNull();
        figures.LogLoss.ShouldBe(-(Math.Log(0.95) + Math.Log(0.8) + Math.Log(0.3) + Math.Log(0.55) + Math.Log(0.65) + Math.Log(0.1)) / 6, 1e-12);
        figures.Languages!["fr"].Accuracy.ShouldBe(2 / 3.0, 1e-12);
        figures.Languages["en"].Examples.ShouldBe(2);
    }

    [Fact]
    public void TheJsonHasTheNamesOfTheContract()
    {
        using var json = JsonDocument.Parse(LabelEvaluation.Of(["a", "b"], [0], [[1, 0]], [null]).ToJson());
        json.RootElement.EnumerateObject().Select(property => property.Name).ShouldBe(["examples", "accuracy", "macroF1", "logLoss", "expectedCalibrationError", "labels", "confusion", "reliability"]);
    }

    [Fact]
    public void ExamplesThatCannotBeComparedAreToldAtOnce()
    {
        using var folder = new TempFolder();
        var path = folder.Write("x.csv", "text,label\n1 0 0 0,\n1 0 0 0,nobody\n");
        Should.Throw<LabelSetException>(() => new LabelSetEvaluator(Samples.Encoder()).Evaluate(Samples.Set(folder), ExamplesFile.Read(path))).Message.ShouldBe(
            $"{path}, line 2: has no label, so there is nothing to compare with. Remove the line, or write its label.\n"
            + $"{path}, line 3: the label `nobody` is not in the set trial. Correct the line, or add the label to the set and train it again.");
    }

    private sealed class Rows : IEqualityComparer<IReadOnlyList<int>>
    {
        public bool Equals(IReadOnlyList<int>? x, IReadOnlyList<int>? y) => x!.SequenceEqual(y!);

        public int GetHashCode(IReadOnlyList<int> obj) => 0;
    }
}
