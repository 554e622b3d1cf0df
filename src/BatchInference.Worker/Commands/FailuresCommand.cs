using System.CommandLine;
using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Jobs;
using BatchInference.Worker.Jobs.Storages;

namespace BatchInference.Worker.Commands;

/// <summary><c>failures &lt;job&gt;</c>: the documents without an answer, by stage and reason.</summary>
internal static class FailuresCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = new Argument<string>("job") { Description = "Name of a job" };
        var retry = new Option<bool>("--retry") { Description = "Let the next run try the permanent failures again" };
        var output = new Option<string?>("--output") { Description = "Folder that the results lie in, where the run was given one", HelpName = "DIR" };
        var command = new Command("failures", "List failed documents by stage and reason.\n\nExample:\n  batch-inference failures archives --retry") { name, retry, output };
        command.SetAction(async (parsed, token) =>
        {
            var configuration = surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State), asked: parsed.GetValue(name));
            var job = configuration.Job(parsed.GetValue(name)!);
            await using var ledger = await LedgerChoice.FindAsync(configuration, surroundings.Time, token);
            if (ledger is null || (await ledger.OutputsAsync(job.Name, token)).Count == 0)
            {
                await surroundings.Output.WriteLineAsync($"{job.Name}: never run, so no document failed.");
                return ExitCodes.Done;
            }

            using var places = JobPlaces.OfOutput(configuration, job, parsed.GetValue(output));
            var scope = new ResultScope(job.Name, places.Sink.Identity);
            await KnownOutput.RequireAsync(ledger, scope, configuration.Folders.State, token);
            var (stage, reason, count, gone) = ("", "", 0L, 0L);
            await foreach (var failure in ledger.FailuresAsync(scope, token))
            {
                if (failure.IsGone)
                {
                    gone++;
                    continue;
                }

                if ((failure.Failure.Stage, failure.Failure.Reason) != (stage, reason))
                {
                    (stage, reason) = (failure.Failure.Stage, failure.Failure.Reason);
                    await surroundings.Output.WriteLineAsync($"{stage}: {reason}{(failure.Failure.Permanent ? "" : " (tried again)")}");
                }

                await surroundings.Output.WriteLineAsync($"    {failure.Path}");
                count++;
            }

            await surroundings.Output.WriteLineAsync(count == 0 ? $"{job.Name}: no document failed." : string.Create(CultureInfo.InvariantCulture, $"{job.Name}: {count} documents have no answer."));
            if (gone > 0)
                await surroundings.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{gone} that failed are gone from the source, as the last run found it, and are left out."));
            if (parsed.GetValue(retry))
            {
                var lifted = await ledger.RetryAsync(scope, token);
                await surroundings.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{lifted} permanent failures are tried again by the next run, as the temporary ones are in any case."));
            }

            return ExitCodes.Done;
        });
        return command;
    }
}
