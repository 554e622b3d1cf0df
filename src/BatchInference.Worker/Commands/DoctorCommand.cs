using System.CommandLine;
using System.Text.Json;
using BatchInference.Worker.Configuration;
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
        var command = new Command("doctor", "Check configuration, models, execution provider, storage, permissions, disk, time zones and secrets; exit code 1 when something would stop a night.\n\nExample:\n  batch-inference doctor") { json };
        command.SetAction(async (parsed, token) =>
        {
            var sound = true;
            await foreach (var finding in FindingsAsync(surroundings, parsed, token))
            {
                sound &= finding.Good;
                await surroundings.Output.WriteLineAsync(parsed.GetValue(json)
                    ? JsonSerializer.Serialize(finding, Json)
                    : $"{(finding.Good ? "good" : "BAD ")}  {finding.Check}: {finding.Found}{(finding.Remedy is null ? "" : $" → {finding.Remedy}")}");
            }

            return sound ? ExitCodes.Done : ExitCodes.CouldNotGoOn;
        });
        return command;
    }

    private static async IAsyncEnumerable<Finding> FindingsAsync(Surroundings surroundings, ParseResult parsed, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        WorkerConfiguration? configuration = null;
        IReadOnlyList<string> errors = [];
        try
        {
            configuration = surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State));
        }
        catch (ConfigurationException error)
        {
            errors = error.Errors;
        }

        foreach (var error in errors)
            yield return Finding.Of("configuration", error);
        if (configuration is null)
            yield break;
        await foreach (var finding in new Examination(configuration).RunAsync(cancellationToken))
            yield return finding;
    }
}
