using System.CommandLine;
using System.Text.Json;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Doctor;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Commands;

/// <summary><c>doctor</c>: looks at everything that could stop a night.</summary>
internal static class DoctorCommand
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Create(Surroundings surroundings)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line" };
        var fix = new Option<bool>("--fix") { Description = "First mend what is safe: make missing folders, close secret files to others, remove temporary files that a killed process left" };
        var command = new Command("doctor", "Check configuration, models, execution provider, memory, storages, ledger, permissions, disk, clock, time zones and secrets, and list every outside address; exit code 1 when something would stop a night.\n\nExample:\n  batch-inference doctor") { json, fix };
        command.SetAction(async (parsed, token) =>
        {
            var sound = true;
            await foreach (var finding in FindingsAsync(surroundings, parsed, parsed.GetValue(fix), token))
            {
                sound &= finding.Good;
                await surroundings.Output.WriteLineAsync(parsed.GetValue(json) ? JsonSerializer.Serialize(finding, Json) : Line(finding));
            }

            return sound ? ExitCodes.Done : ExitCodes.CouldNotGoOn;
        });
        return command;
    }

    private static string Line(Finding finding) =>
        $"{(finding.Fixed ? "fixed" : finding.Good ? "good " : "BAD  ")} {finding.Check}: {finding.Found}{(finding.Remedy is null ? "" : $" → {finding.Remedy}")}";

    private static async IAsyncEnumerable<Finding> FindingsAsync(Surroundings surroundings, ParseResult parsed, bool fix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        WorkerConfiguration? configuration = null;
        IReadOnlyList<string> errors = [];
        try
        {
            configuration = surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State), strict: true);
        }
        catch (ConfigurationException error)
        {
            errors = error.Errors;
        }

        foreach (var error in errors)
            yield return Finding.Of("configuration", error);
        if (configuration is null)
            yield break;
        if (fix)
        {
            var running = await IsRunningAsync(configuration, surroundings.Time, cancellationToken);
            foreach (var finding in Boundary.Round("repair", () => new Repair(configuration, surroundings.Variable, Path.GetTempPath(), surroundings.Time, running).Run()))
                yield return finding;
        }

        await foreach (var finding in new Examination(configuration, surroundings.Variable, surroundings.Time).RunAsync(cancellationToken))
            yield return finding;
    }

    // Where the books cannot be read nobody knows; the examination tells why.
    private static async Task<bool> IsRunningAsync(WorkerConfiguration configuration, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await using var ledger = await LedgerChoice.FindAsync(configuration, time, cancellationToken);
            foreach (var job in configuration.Jobs.Keys)
                if (ledger is not null && await ledger.HolderAsync(job, cancellationToken) is not null)
                    return true;
            return false;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return true;
        }
    }
}
