using System.CommandLine;
using System.Globalization;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Commands;

/// <summary><c>failures &lt;job&gt;</c>: the documents without an answer, by stage and reason.</summary>
internal static class FailuresCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = new Argument<string>("job") { Description = "Name of a job" };
        var retry = new Option<bool>("--retry") { Description = "Let the next run try the permanent failures again" };
        var command = new Command("failures", "List failed documents by stage and reason.\n\nExample:\n  batch-inference failures archives --retry") { name, retry };
        command.SetAction(async (parsed, token) =>
        {
            var configuration = surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State));
            var job = configuration.Job(parsed.GetValue(name)!);
            await using var ledger = await LedgerChoice.FindAsync(configuration, surroundings.Time, token);
            var (stage, reason, count) = ("", "", 0L);
            if (ledger is not null)
                await foreach (var failure in ledger.FailuresAsync(job.Name, token))
                {
                    if ((failure.Failure.Stage, failure.Failure.Reason) != (stage, reason))
                    {
                        (stage, reason) = (failure.Failure.Stage, failure.Failure.Reason);
                        await surroundings.Output.WriteLineAsync($"{stage}: {reason}{(failure.Failure.Permanent ? "" : " (tried again)")}");
                    }

                    await surroundings.Output.WriteLineAsync($"    {failure.Path}");
                    count++;
                }

            await surroundings.Output.WriteLineAsync(count == 0 ? $"{job.Name}: no document failed." : string.Create(CultureInfo.InvariantCulture, $"{job.Name}: {count} documents have no answer."));
            if (parsed.GetValue(retry) && ledger is not null)
            {
                var lifted = await ledger.RetryAsync(job.Name, token);
                await surroundings.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{lifted} permanent failures are tried again by the next run, as the temporary ones are in any case."));
            }

            return ExitCodes.Done;
        });
        return command;
    }
}
