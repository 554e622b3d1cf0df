using System.Globalization;
using BatchInference.Models.Labels;

namespace BatchInference.Worker.Commands;

/// <summary>An evaluation as tables for people.</summary>
internal static class LabelTables
{
    private const int NameWidth = 24;

    public static void Write(TextWriter output, string set, LabelEvaluation figures)
    {
        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));

        Line($"{set} on {figures.Model} ({figures.Basis}): {figures.Examples} examples");
        Line($"accuracy {figures.Accuracy:0.000}   macro-F1 {figures.MacroF1:0.000}   log loss {figures.LogLoss:0.000}   expected calibration error {figures.ExpectedCalibrationError:0.000}");
        foreach (var (language, part) in figures.Languages ?? new Dictionary<string, LanguageFigures>())
            Line($"  {language}: {part.Examples} examples, accuracy {part.Accuracy:0.000}, macro-F1 {part.MacroF1:0.000}, calibration error {part.ExpectedCalibrationError:0.000}");

        Line($"\n{"label",-NameWidth}{"precision",10}{"recall",10}{"F1",10}{"support",10}{"predicted",10}");
        foreach (var label in figures.Labels)
            Line($"{Cut(label.Name),-NameWidth}{label.Precision,10:0.000}{label.Recall,10:0.000}{label.F1,10:0.000}{label.Support,10}{label.Predicted,10}");

        Line($"\nconfusion: a row for each true label, a column for each answer");
        Line($"{"",-NameWidth}{string.Concat(figures.Labels.Select((_, index) => $"{index + 1,7}"))}");
        for (var row = 0; row < figures.Labels.Count; row++)
            Line($"{Cut($"{row + 1} {figures.Labels[row].Name}"),-NameWidth}{string.Concat(figures.Confusion[row].Select(count => $"{count,7}"))}");

        Line($"\nreliability: how often answers of a score are right");
        Line($"{"score",-NameWidth}{"answers",10}{"mean",10}{"right",10}");
        foreach (var bin in figures.Reliability.Where(bin => bin.Count > 0))
            Line($"{$"{bin.From.ToString("0.0", CultureInfo.InvariantCulture)} to {bin.To.ToString("0.0", CultureInfo.InvariantCulture)}",-NameWidth}{bin.Count,10}{bin.MeanScore,10:0.000}{bin.Accuracy,10:0.000}");
    }

    private static string Cut(string name) => name.Length < NameWidth ? name : name[..(NameWidth - 2)] + "…";
}
