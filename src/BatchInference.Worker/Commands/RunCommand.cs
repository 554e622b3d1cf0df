using System.CommandLine;
using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Jobs;
using BatchInference.Worker.Logs;
using BatchInference.Worker.Scheduling;
using BatchInference.Worker.Watching;

namespace BatchInference.Worker.Commands;

/// <summary><c>run &lt;job&gt;</c>: the job's next run, now, in the foreground.</summary>
internal static class RunCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var job = new Argument<string>("job") { Description = "Name of a file in jobs/, without .json" };
        var source = new Option<string?>("--source") { Description = "Folder to read instead of the job's source", HelpName = "DIR" };
        var output = new Option<string?>("--output") { Description = "Folder to write to instead of the job's output", HelpName = "DIR" };
        var limit = NumberOption.Create("--limit", "Do at most so many documents", 1, long.MaxValue);
        var until = new Option<string?>("--until") { Description = "Stop in good order at this time (the job's zone, else local)", HelpName = "HH:mm" };
        var again = new Option<bool>("--again") { Description = "Do settled documents again" };
        var dryRun = new Option<bool>("--dry-run") { Description = "List, count tokens on a sample, forecast; write nothing" };
        var strict = new Option<bool>("--strict") { Description = "End with exit code 3 when a document failed" };
        var json = new Option<bool>("--json") { Description = "Print the summary as one JSON object" };
        until.Validators.Add(result =>
        {
            if (!TimeOnly.TryParseExact(result.GetValueOrDefault<string?>(), "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)) result.AddError("--until: write a time of day as 05:30.");
        });
        var command = new Command("run", "Run a job now, in the foreground, whatever its schedule.\n\nExample:\n  batch-inference run demo --output results --until 06:00") { job, source, output, limit, until, again, dryRun, strict, json };
        command.SetAction(async (parsed, _) =>
        {
            var configuration = surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State), asked: parsed.GetValue(job));
            var settings = configuration.Job(parsed.GetValue(job)!);
            using var prepared = PreparedJob.Of(configuration, settings, parsed.GetValue(source), parsed.GetValue(output));
            StateFolder.Prepare(configuration.Folders.State);
            TemporaryFolder.Try();
            await using var ledger = await LedgerChoice.OpenAsync(configuration, surroundings.Time, CancellationToken.None);
            using var stop = new StopSignals();
            stop.HearSignals(surroundings.Error.WriteLine);
            await prepared.Places.EnterAsync(writes: !parsed.GetValue(dryRun), stop.Soft);
            var now = surroundings.Time.GetUtcNow();
            var schedules = settings.Schedule.Select(night => new NightSchedule(night)).ToArray();
            var zone = schedules.FirstOrDefault()?.Zone ?? TimeZoneInfo.Local;
            if (parsed.GetValue(until) is { } time)
                stop.AskAt(NightSchedule.Next(TimeOnly.ParseExact(time, "HH:mm", CultureInfo.InvariantCulture), now, zone), surroundings.Time, $"the time given by --until ({time}) was reached");
            var date = schedules.Select(schedule => schedule.At(now)?.Date).FirstOrDefault(night => night is not null) ?? DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, zone).DateTime);
            var plan = prepared.Plan(now, date, parsed.GetValue(limit), parsed.GetValue(again));
            using var logs = LogOutputs.ForRun(settings.Name, configuration, surroundings);
            var logger = logs.CreateLogger("BatchInference.Pipeline.Run");
            ledger.Logger = logger;
            using var telemetry = TelemetryOutputs.Open(configuration.Settings, configuration.Secrets, asService: false, logger);
            void Tell(string what)
            {
                surroundings.Error.WriteLine(what);
                logger.Told(what);
            }

            var runner = new JobRunner(prepared, ledger, surroundings) { Logger = logger, Told = Tell };
            if (parsed.GetValue(dryRun))
            {
                RunText.Write(surroundings.Output, await runner.ForecastAsync(plan, stop), settings.Name, parsed.GetValue(json));
                return ExitCodes.Done;
            }

            var report = await runner.RunAsync(plan, stop);
            await RunText.WriteAsync(surroundings.Output, report, prepared, ledger, parsed.GetValue(output), parsed.GetValue(json));
            return ExitCode(report, parsed.GetValue(strict));
        });
        return command;
    }

    /// <summary>4 beats 3.</summary>
    internal static int ExitCode(RunReport report, bool strict) => report.End switch
    {
        RunEnd.Failed => ExitCodes.CouldNotGoOn,
        RunEnd.Stopped => ExitCodes.Stopped,
        _ => strict && report.Counts.Failed + report.Counts.Partial + report.Counts.Temporary > 0 ? ExitCodes.DocumentFailed : ExitCodes.Done,
    };
}
