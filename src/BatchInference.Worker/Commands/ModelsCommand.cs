using System.CommandLine;
using System.Globalization;
using BatchInference.Models.Onnx;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Commands;

/// <summary><c>models</c>: the shelf of models, each pinned file by file.</summary>
internal static class ModelsCommand
{
    public static Command Create(Surroundings surroundings) => new("models", "List, add, verify and try the models of the shelf.\n\nExample:\n  batch-inference models list")
    {
        List(surroundings),
        Add(surroundings),
        Verify(surroundings),
        TryModelCommand.Create(surroundings),
    };

    private static Command List(Surroundings surroundings)
    {
        var command = new Command("list", "List the models and what they can do.\n\nExample:\n  batch-inference models list");
        command.SetAction(parsed =>
        {
            var shelf = Choice(surroundings, parsed).Shelf;
            foreach (var name in shelf.Names)
                surroundings.Output.WriteLine($"{name,-32} {Judged(() => shelf.Describe(name).Says)}");
            if (shelf.Names.Count == 0)
                surroundings.Output.WriteLine("There is no model on the shelf. Add one with `batch-inference models add FOLDER`.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Add(Surroundings surroundings)
    {
        var folder = new Argument<string>("folder") { Description = "The model's folder, as it came from a model hub or an export" };
        var name = new Option<string?>("--name") { Description = "Its name on the shelf (default: the folder's)", HelpName = "NAME" };
        var link = new Option<bool>("--link") { Description = "Link the files instead of copying them" };
        var command = new Command("add", "Check a model folder and put it on the shelf; every file is pinned by its SHA-256.\n\nExample:\n  batch-inference models add /srv/models/camembert-topics --name topics-fr") { folder, name, link };
        command.SetAction(parsed =>
        {
            var choice = Choice(surroundings, parsed);
            var source = Path.GetFullPath(parsed.GetValue(folder)!, surroundings.WorkingFolder);
            var shelved = parsed.GetValue(name) ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(source));
            var description = choice.Shelf.Add(source, shelved, parsed.GetValue(link));
            surroundings.Output.WriteLine($"{shelved}: {description.Says}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Verify(Surroundings surroundings)
    {
        var name = new Argument<string?>("model") { Description = "A model of the shelf; all of them without it", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("verify", "Compare every file of the models with its pinned SHA-256.\n\nExample:\n  batch-inference models verify") { name };
        command.SetAction(parsed =>
        {
            var shelf = Choice(surroundings, parsed).Shelf;
            var sound = true;
            foreach (var model in parsed.GetValue(name) is { } one ? [one] : shelf.Names)
            {
                try
                {
                    var folder = shelf.Open(model);
                    surroundings.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{model}: {folder.Files.Count} files are as they were pinned (fingerprint {folder.Fingerprint[..16]}…)"));
                }
                catch (ModelException error)
                {
                    sound = false;
                    surroundings.Error.WriteLine(error.Message);
                }
            }

            return sound ? ExitCodes.Done : ExitCodes.WrongUsage;
        });
        return command;
    }

    private static ModelChoice Choice(Surroundings surroundings, ParseResult parsed) =>
        new(surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State)));

    private static string Judged(Func<string> look)
    {
        try
        {
            return look();
        }
        catch (ModelException error)
        {
            return $"NOT SOUND: {error.Message.ReplaceLineEndings(" ")}";
        }
    }
}
