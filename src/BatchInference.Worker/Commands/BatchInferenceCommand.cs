using System.CommandLine;
using BatchInference.Documents;
using BatchInference.Models.Labels;
using BatchInference.Models.Onnx;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Commands;

/// <summary>The program's verbs, and what becomes of an error that ends it.</summary>
internal static class BatchInferenceCommand
{
    public static Option<string?> Config { get; } = new("--config") { Description = "Configuration folder (default: ./config, then config beside the program, then the system's)", HelpName = "DIR", Recursive = true };

    public static Option<string?> State { get; } = new("--state") { Description = "Folder of the ledger and of what the program keeps for itself", HelpName = "DIR", Recursive = true };

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Surroundings surroundings)
    {
        var root = new RootCommand("Classifies and summarises a document archive overnight, with small open models, on this machine.") { Config, State };
        foreach (var command in Verbs(surroundings)) root.Subcommands.Add(command);
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in Errors(parsed)) await surroundings.Error.WriteLineAsync(error);
            await surroundings.Error.WriteLineAsync("See `batch-inference --help`.");
            return ExitCodes.WrongUsage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = surroundings.Output, Error = surroundings.Error });
        }
        catch (Exception error) when (error is ConfigurationException or ModelException or LabelSetException or JobIsRunningException)
        {
            await surroundings.Error.WriteLineAsync(error.Message);
            return ExitCodes.WrongUsage;
        }
        catch (OperationCanceledException)
        {
            await surroundings.Error.WriteLineAsync("Stopped at once; the next run puts everything in order.");
            return ExitCodes.Stopped;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            await surroundings.Error.WriteLineAsync(error.Message);
            return ExitCodes.CouldNotGoOn;
        }
        catch (Exception error)
        {
            // A fault of the program: whoever mends it needs all of it, and a script one of the exit codes.
            await surroundings.Error.WriteLineAsync(Fault(error));
            return ExitCodes.CouldNotGoOn;
        }
    }

    /// <summary>What is told of a fault. Whoever reports it passes it on, so it holds no secret, wherever it is written.</summary>
    internal static string Fault(object error) => SecretValues.BlotOut($"This is a fault of the program; please report it with these lines.\n{ProgramVersion.Full}\n{error}");

    /// <summary>Ends the process for a fault on a thread that nobody waits for: the runtime would print it as it is.</summary>
    internal static void EndWith(object error)
    {
        Console.Error.WriteLine(Fault(error));
        Console.Error.Flush();
        // Not Exit: native libraries would be taken down while other threads use them. As after a power cut, the next start puts it in order.
        Environment.FailFast(null);
    }

    // A misspelt verb is told as such, not also as a verb that is missing.
    private static IEnumerable<string> Errors(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens is not [var word, ..] || !parsed.CommandResult.Command.Subcommands.Any())
            return parsed.Errors.Select(error => error.Message);
        var verbs = parsed.CommandResult.Command.Subcommands.Select(command => command.Name).ToList();
        return [$"There is no verb {word}. {(NearestName.Of(word, verbs) is { } nearest ? $"Did you mean {nearest}?" : $"There are: {string.Join(", ", verbs)}.")}"];
    }

    private static IEnumerable<Command> Verbs(Surroundings surroundings) =>
    [
        RunCommand.Create(surroundings),
        ServiceCommand.Create(surroundings),
        JobsCommand.Create(surroundings),
        StatusCommand.Create(surroundings),
        FailuresCommand.Create(surroundings),
        ExportCommand.Create(surroundings),
        LedgerCommand.Create(surroundings),
        DoctorCommand.Create(surroundings),
        ModelsCommand.Create(surroundings),
        LabelsCommand.Create(surroundings),
        InstallCommand.Create(surroundings),
        UninstallCommand.Create(surroundings),
    ];
}
