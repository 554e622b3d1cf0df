using System.CommandLine;
using System.Globalization;
using BatchInference.Models.Labels;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Commands;

/// <summary><c>labels train</c> and <c>labels evaluate</c>: makes a label set from examples, measures one.</summary>
internal static class LabelsCommand
{
    public static Command Create(Surroundings surroundings) => new("labels", "Make label sets from examples, and measure them.\n\nExample:\n  batch-inference labels train topics --examples examples.csv")
    {
        Train(surroundings),
        Evaluate(surroundings),
    };

    private static Command Train(Surroundings surroundings)
    {
        var (set, examples, model) = (Set(), Examples(), Model());
        var command = new Command("train",
            "Fit the head of a label set to labelled examples. labels.json of the set gives names and descriptions; without it the set has the labels of the examples.\n\n" +
            "Example:\n  batch-inference labels train topics --examples letters.csv --examples minutes.jsonl") { set, examples, model };
        command.SetAction((parsed, token) =>
        {
            var configuration = surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State));
            var choice = new ModelChoice(configuration);
            using var encoder = choice.Encoder(choice.Use(parsed.GetValue(model), null));
            var read = Read(parsed.GetValue(examples)!, surroundings);
            var labels = LabelSet.ForTraining(FolderOf(configuration, choice, parsed.GetValue(set)!), read);
            surroundings.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{labels.Name}: {read.Count} examples are read by {encoder.Model} …"));
            var head = new LabelSetTrainer(encoder).Train(labels, read, token);
            var path = Save(labels, head, choice.TrainedFolder(labels.Name));
            Tell(surroundings.Output, labels, head, path);
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    private static Command Evaluate(Surroundings surroundings)
    {
        var (set, examples, model) = (Set(), Examples(), Model());
        var json = new Option<bool>("--json") { Description = "One JSON object instead of tables" };
        var command = new Command("evaluate",
            "Measure a label set on labelled examples it was not trained on: accuracy, macro-F1, each label's precision and recall, confusion, calibration.\n\n" +
            "Example:\n  batch-inference labels evaluate topics --examples held-out.csv --json") { set, examples, model, json };
        command.SetAction((parsed, token) =>
        {
            var configuration = surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State));
            var choice = new ModelChoice(configuration);
            var labels = LabelSet.Load(choice.LabelSetFolder(parsed.GetValue(set)!));
            using var encoder = choice.Encoder(choice.Use(parsed.GetValue(model), null));
            var figures = new LabelSetEvaluator(encoder).Evaluate(labels, Read(parsed.GetValue(examples)!, surroundings), token);
            if (figures.TrainedOnTheseExamples == true)
                surroundings.Error.WriteLine($"{labels.Name} was trained on these very examples: the figures say how well it remembers them, not how well it does on other texts. Measure it on examples that it has not seen; `labels train` tells the accuracy of its cross-validation.");
            if (parsed.GetValue(json))
                surroundings.Output.WriteLine(figures.ToJson());
            else
                LabelTables.Write(surroundings.Output, labels.Name, figures);
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    // A set that is there is trained where it stands; a new one is made beside the configuration's others.
    private static string FolderOf(WorkerConfiguration configuration, ModelChoice choice, string set) =>
        choice.LabelSets.Contains(set) ? choice.LabelSetFolder(set) : Path.Combine(configuration.Folders.Configuration, "labels", set);

    private static string Save(LabelSet labels, LabelHead head, string otherwise)
    {
        try
        {
            return labels.Save(head);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            // The configuration of an installed service is often read-only.
            return labels.Save(head, otherwise);
        }
    }

    private static void Tell(TextWriter output, LabelSet labels, LabelHead head, string path)
    {
        if (head.CrossValidation is { } figures)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{labels.Name}: accuracy {figures.Accuracy:0.000}, macro-F1 {figures.MacroF1:0.000}, calibration error {figures.ExpectedCalibrationError:0.000} in {figures.Folds}-fold cross-validation (L2 {figures.L2:g3}, temperature {head.Temperature:0.00}{(head.Similarity is { } part && head.Head is not null ? $", weight of the descriptions {part.Weight:g3}" : "")})."));
        foreach (var note in head.Notes)
            output.WriteLine(note);
        output.WriteLine($"Written: {path}");
    }

    private static IReadOnlyList<Example> Read(string[] files, Surroundings surroundings)
    {
        string[] paths = [.. files.Select(file => Path.GetFullPath(file, surroundings.WorkingFolder))];
        return Array.Find(paths, path => !File.Exists(path)) is { } missing
            ? throw new ConfigurationException([$"--examples: there is no file {missing}, or this account may not see it. Give a CSV or JSON lines file with `text` and `label`."])
            : ExamplesFile.Read(paths);
    }

    private static Argument<string> Set()
    {
        var set = new Argument<string>("set") { Description = "Name of a label set: a folder of config/labels" };
        set.Validators.Add(result =>
        {
            var name = result.GetValueOrDefault<string>();
            if (!System.Text.RegularExpressions.Regex.IsMatch(name, $"^{KnownKeys.NamePattern}$"))
                result.AddError($"The name of a label set has lower-case letters, digits, - and _; `{name}` has not.");
        });
        return set;
    }

    private static Option<string[]> Examples() => new("--examples") { Description = "Labelled examples, CSV or JSON lines with `text` and `label`; may be given several times", HelpName = "FILE", Required = true };

    private static Option<string?> Model() => new("--model") { Description = "A model of the shelf (default: the embedded one)", HelpName = "NAME" };
}
