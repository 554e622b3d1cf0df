using System.CommandLine;
using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;
using BatchInference.Worker.Jobs.Storages;
using BatchInference.Worker.Scheduling;

namespace BatchInference.Worker.Commands;

/// <summary><c>status [job]</c>: what runs now and how far, or how the last run ended.</summary>
internal static class StatusCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var name = new Argument<string?>("job") { Description = "Name of a job; all of them without it", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("status", "Tell what runs now and how far, or how the last run ended.\n\nExample:\n  batch-inference status archives") { name };
        command.SetAction(async (parsed, token) =>
        {
            var configuration = surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State), asked: parsed.GetValue(name));
            var jobs = parsed.GetValue(name) is { } one ? [configuration.Job(one)] : configuration.Jobs.Values.OrderBy(job => job.Name, StringComparer.Ordinal).ToArray();
            await using var ledger = await LedgerChoice.FindAsync(configuration, surroundings.Time, token);
            foreach (var job in jobs)
            {
                var last = ledger is null ? null : await LastAsync(ledger, job.Name, token);
                var holder = ledger is null ? null : await ledger.HolderAsync(job.Name, token);
                if (holder is not null && ledger is not null)
                {
                    var counts = await ledger.CountAsync(holder.Run, token);
                    var run = await ledger.FindRunAsync(holder.Run, token);
                    var pace = run?.Pace;
                    var zone = job.Schedule.Select(night => new NightSchedule(night).Zone).FirstOrDefault() ?? TimeZoneInfo.Local;
                    var outlook = Outlook.Of(job, holder.Since, pace, surroundings.Time.GetUtcNow())?.ToText(zone);
                    await surroundings.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                        $"{job.Name}: running since {holder.Since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC (process {holder.ProcessId} on {holder.Host}, run {holder.Run}): {counts.Done} documents published, {counts.Failed} of them failed{(pace is { Expected: { } expected } ? $"; {pace.Handled} of {expected} done" : "")}{(run?.Paused is { } paused ? $"; paused: {paused}" : outlook is null ? "" : $", {outlook}")}"));
                }
                else
                {
                    await surroundings.Output.WriteLineAsync($"{job.Name}: {Ending(last)}{(last is not null && OutputOf(configuration, job) is { } output && output != last.Scope.Output ? $"; to {last.Scope.Output}" : "")}");
                }

                if (ledger is not null && (holder?.Run ?? last?.Run) is { } told)
                    foreach (var node in await ledger.NodesAsync(told, token))
                        if (holder is not null || node.Refused is not null)
                            await surroundings.Output.WriteLineAsync($"  {Node(node)}");
            }

            return ExitCodes.Done;
        });
        return command;
    }

    // Null where the configuration of the output is wrong: whoever runs the job is told why.
    private static string? OutputOf(WorkerConfiguration configuration, JobSettings job)
    {
        try
        {
            using var places = JobPlaces.OfOutput(configuration, job, output: null);
            return places.Sink.Identity;
        }
        catch (ConfigurationException)
        {
            return null;
        }
    }

    private static string Node(NodeRecord node) => string.Create(CultureInfo.InvariantCulture,
        $"node {node.Host}, process {node.ProcessId}: {(node.Refused ?? (node.IsThere ? $"{node.InHand} shards in hand, {node.Done} done" : $"gone, {node.Done} shards done"))}");

    /// <summary>The newest run of a job.</summary>
    internal static async Task<RunRecord?> LastAsync(Ledger ledger, string job, CancellationToken cancellationToken)
    {
        var runs = await ledger.RunsAsync(job, 1, cancellationToken);
        return runs.Count > 0 ? runs[0] : null;
    }

    /// <summary>How a run ended, in one line.</summary>
    internal static string Ending(RunRecord? run) => run switch
    {
        null => "never run",
        { Ending: null } => $"{run.Run} was cut off; the next run puts it in order",
        { Ending: var ending } => string.Create(CultureInfo.InvariantCulture,
            $"{run.Run} {ending.End switch { RunEnd.Complete => ending.LeavesOthers ? "did the documents that it was asked for, others are left," : "complete", RunEnd.Stopped => "stopped in good order", _ => "could not go on" }} {ending.Ended.UtcDateTime:yyyy-MM-dd HH:mm} UTC: {Counts(ending)}{(ending.Remaining is > 0 ? $", {ending.Remaining} remaining" : "")}{(ending.Reason is null ? "" : $" ({ending.Reason})")}"),
    };

    private static string Counts(RunEnding ending) => ending is { End: RunEnd.Complete, Counts: { Done: 0, Temporary: 0 } }
        ? string.Create(CultureInfo.InvariantCulture, $"nothing new, {ending.Counts.Skipped + ending.Counts.Unchanged} documents were settled before")
        : string.Create(CultureInfo.InvariantCulture, $"{ending.Counts.Completed} completed, {ending.Counts.Partial} partial, {ending.Counts.Failed} failed, {ending.Counts.Temporary} to be tried again{(ending.Counts.Skipped > 0 ? $", {ending.Counts.Skipped} settled before" : "")}");
}
