using System.CommandLine;
using System.Globalization;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;
using BatchInference.Worker.Scheduling;

namespace BatchInference.Worker.Commands;

/// <summary><c>jobs</c>: what is configured, when it opens next, how it went last.</summary>
internal static class JobsCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var command = new Command("jobs", "List the jobs with next opening and last run.\n\nExample:\n  batch-inference jobs");
        command.SetAction(async (parsed, token) =>
        {
            var configuration = surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State));
            await using var ledger = await LedgerChoice.FindAsync(configuration, surroundings.Time, token);
            foreach (var job in configuration.Jobs.Values.OrderBy(job => job.Name, StringComparer.Ordinal))
            {
                var last = ledger is null ? null : await StatusCommand.LastAsync(ledger, job.Name, token);
                var holder = ledger is null ? null : await ledger.HolderAsync(job.Name, token);
                await surroundings.Output.WriteLineAsync($"{job.Name,-24} {(job.Enabled ? "enabled " : "disabled")}  next: {(configuration.IsForThisNode(job) ? Opening(job, surroundings.Time.GetUtcNow()) : "on other nodes"),-22}  {(holder is null ? $"last: {StatusCommand.Ending(last)}" : $"running: {holder.Run}")}");
            }

            if (configuration.Jobs.Count == 0) await surroundings.Output.WriteLineAsync($"There is no job: {Path.Combine(configuration.Folders.Configuration, "jobs")} holds no file.");
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>When a job opens next, in the zone of its schedule.</summary>
    internal static string Opening(JobSettings job, DateTimeOffset now)
    {
        if (!job.Enabled || job.Schedule.Count == 0) return "only by `run`";
        var schedules = job.Schedule.Select(night => new NightSchedule(night)).ToArray();
        if (schedules.Any(schedule => schedule.At(now) is not null)) return "open now";
        var next = schedules.Select(schedule => (schedule.Zone, Night: schedule.After(now))).Where(pair => pair.Night is not null).OrderBy(pair => pair.Night!.Value.Opens).FirstOrDefault();
        return next.Night is { } night ? TimeZoneInfo.ConvertTime(night.Opens, next.Zone).ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture) : "never";
    }
}
