using System.CommandLine;
using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;
using BatchInference.Worker.Jobs.Storages;
using Microsoft.Data.Sqlite;

namespace BatchInference.Worker.Commands;

/// <summary><c>ledger check|backup|restore</c>: looks after the books.</summary>
internal static class LedgerCommand
{
    public static Command Create(Surroundings surroundings) => new("ledger", "Check, back up and restore the ledger: the record of what is settled.\n\nExample:\n  batch-inference ledger check archives")
    {
        Check(surroundings), BackUp(surroundings), Restore(surroundings),
    };

    private static Command Check(Surroundings surroundings)
    {
        var name = new Argument<string?>("job") { Description = "Compare the output of this job; all jobs without it", Arity = ArgumentArity.ZeroOrOne };
        var output = new Option<string?>("--output") { Description = "Folder that the results lie in, where the run was given one", HelpName = "DIR" };
        var redo = new Option<bool>("--redo") { Description = "Let the next run do the documents of missing and altered parts and texts again, and make missing and altered Parquet and CSV files again at once" };
        var command = new Command("check",
            "Read the whole ledger and every part that it records, with its Parquet and CSV files and texts; tell which are missing, altered or foreign, and what to do. Exit code 1 when something is wrong.\n\n" +
            "Example:\n  batch-inference ledger check archives --redo") { name, output, redo };
        command.SetAction(async (parsed, token) =>
        {
            var configuration = Configure(surroundings, parsed, parsed.GetValue(name));
            var jobs = parsed.GetValue(name) is { } one ? [configuration.Job(one)] : configuration.Jobs.Values.OrderBy(job => job.Name, StringComparer.Ordinal).ToArray();
            await using var ledger = await LedgerChoice.FindAsync(configuration, surroundings.Time, token) ?? throw NoLedger(configuration);
            var damages = await ledger.DamagesAsync(token);
            foreach (var damage in damages)
                await surroundings.Output.WriteLineAsync($"damaged     the ledger: {damage}. Restore a backup: batch-inference ledger restore --from FILE");
            if (damages.Count == 0)
                await surroundings.Output.WriteLineAsync("good        the ledger itself");
            var findings = damages.Count;
            foreach (var job in jobs)
            {
                using var places = JobPlaces.OfOutput(configuration, job, parsed.GetValue(output));
                var known = await ledger.OutputsAsync(job.Name, token);
                // Of all jobs some have not run yet, or not by these books; who names one means what is there.
                if (parsed.GetValue(name) is null && !known.Contains(places.Sink.Identity, StringComparer.Ordinal))
                {
                    await surroundings.Output.WriteLineAsync($"no runs     {job.Name}: {(known.Count == 0 ? "it never ran" : $"it never ran to {places.Sink.Identity}, but to {string.Join(", ", known)}: name the folder with --output")}");
                    continue;
                }

                await KnownOutput.RequireAsync(ledger, new ResultScope(job.Name, places.Sink.Identity), configuration.Folders.State, token);
                var again = $"batch-inference ledger check {job.Name}{(parsed.GetValue(output) is { } folder ? $" --output {folder}" : "")} --redo";
                findings += await CheckAsync(surroundings, ledger, job, places.Sink, parsed.GetValue(redo), again, token);
            }

            return findings == 0 ? ExitCodes.Done : ExitCodes.CouldNotGoOn;
        });
        return command;
    }

    private static async Task<int> CheckAsync(Surroundings surroundings, Ledger ledger, JobSettings job, Pipeline.Results.ResultSink sink, bool redo, string again, CancellationToken cancellationToken)
    {
        var count = 0;
        var (done, made, unknown) = (0L, 0, 0);
        var check = new OutputCheck(sink, ledger) { ProgramVersion = ProgramVersion.Full };
        await foreach (var finding in check.RunAsync(job.Name, cancellationToken))
        {
            // Told once, not for each file of many nights.
            if (finding.Fault == PartFault.DerivedUnknown)
            {
                unknown++;
                continue;
            }

            // A run that was cut off is put in order by the next one: nothing is wrong.
            count += finding.Fault == PartFault.Unrecorded ? 0 : 1;
            await surroundings.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{Word(finding.Fault),-11} {finding.Name}: {Remedy(finding, again)}"));
            if (!redo || finding.Part is not { } part)
                continue;
            if (finding.Fault is PartFault.DerivedMissing or PartFault.DerivedAltered)
            {
                await check.MakeAgainAsync(finding, cancellationToken);
                made++;
            }
            else
            {
                done += await ledger.RedoAsync(part, cancellationToken);
            }
        }

        if (unknown > 0)
            await surroundings.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"unknown     {job.Name}: {unknown} Parquet and CSV files are of an earlier version, which wrote down no SHA-256 of them: they are there, what is in them was not checked. Where you doubt one, delete it: {again} makes it again from its JSON lines"));
        if (count == 0)
            await surroundings.Output.WriteLineAsync($"good        {job.Name}: the parts in {sink.Identity} are those that the ledger records");
        if (made > 0)
            await surroundings.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{job.Name}: {made} files were made again from their JSON lines."));
        if (redo)
            await surroundings.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{job.Name}: {done} documents are done again by the next run."));
        return count;
    }

    private static Command BackUp(Surroundings surroundings)
    {
        var to = new Option<string>("--to") { Description = "File to write; one of that name is replaced when the new one is whole", HelpName = "FILE", Required = true };
        var command = new Command("backup", "Copy the ledger into one verified file, also while a job runs.\n\nExample:\n  batch-inference ledger backup --to /backup/ledger.db") { to };
        command.SetAction(async (parsed, token) =>
        {
            var configuration = Configure(surroundings, parsed);
            RefuseShared(configuration, "pg_dump --schema=batch_inference --format=custom");
            await using var ledger = await LedgerChoice.FindAsync(configuration, surroundings.Time, token) as SqliteLedger ?? throw NoLedger(configuration);
            var file = Path.GetFullPath(parsed.GetValue(to)!, surroundings.WorkingFolder);
            if (!Directory.Exists(Path.GetDirectoryName(file)))
                throw new ConfigurationException([$"--to: the folder {Path.GetDirectoryName(file)} does not exist, or this account may not see it. Create it, or name another one."]);
            try
            {
                await ledger.BackUpAsync(file, token);
            }
            catch (InvalidDataException error)
            {
                throw new ConfigurationException([$"{error.Message} Restore an earlier backup: batch-inference ledger restore --from FILE"]);
            }

            await surroundings.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"The ledger was written to {file} ({new FileInfo(file).Length / 1e6:0.0} MB)."));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Restore(Surroundings surroundings)
    {
        var from = new Option<string>("--from") { Description = "A file that `ledger backup` wrote", HelpName = "FILE", Required = true };
        var command = new Command("restore",
            "Put a backup in the place of the ledger, which is kept beside it. What was settled since the backup is told by `ledger check` as foreign parts.\n\n" +
            "Example:\n  batch-inference ledger restore --from /backup/ledger.db") { from };
        command.SetAction(async (parsed, _) =>
        {
            var configuration = Configure(surroundings, parsed);
            RefuseShared(configuration, "pg_restore --clean");
            StateFolder.Prepare(configuration.Folders.State);
            var kept = Path.Combine(configuration.Folders.State, string.Create(CultureInfo.InvariantCulture, $"ledger.before-restore-{surroundings.Time.GetUtcNow().UtcDateTime:yyyyMMdd'T'HHmmss'Z'}.db"));
            var file = Path.GetFullPath(parsed.GetValue(from)!, surroundings.WorkingFolder);
            try
            {
                SqliteLedger.Restore(configuration.Folders.State, file, kept);
            }
            catch (InvalidDataException error)
            {
                throw new ConfigurationException([$"{error.Message} Nothing was changed."]);
            }
            catch (SqliteException error)
            {
                throw new ConfigurationException([$"{file} was not restored: {new LedgerUnusableException(Path.Combine(configuration.Folders.State, "ledger.db"), error).Message}"]);
            }

            await surroundings.Output.WriteLineAsync($"The ledger was restored.{(File.Exists(kept) ? $" The one before is {kept}." : "")} See what the output has more: batch-inference ledger check");
            return ExitCodes.Done;
        });
        return command;
    }

    private static WorkerConfiguration Configure(Surroundings surroundings, ParseResult parsed, string? job = null) =>
        surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State), asked: job);

    // A database has tools of its own, and somebody who looks after it.
    private static void RefuseShared(WorkerConfiguration configuration, string tool)
    {
        if (configuration.Settings.Ledger.PostgreSql is not null)
            throw new ConfigurationException([$"The ledger is in a PostgreSQL database (Ledger.PostgreSql): use the tools of the database, such as {tool}."]);
    }

    private static ConfigurationException NoLedger(WorkerConfiguration configuration) =>
        new([$"{configuration.Folders.State}: there is no ledger; no job ever ran with this state folder. Name another one with --state."]);

    private static string Word(PartFault fault) => fault switch
    {
        PartFault.Missing or PartFault.DerivedMissing or PartFault.TextMissing => "missing",
        PartFault.Altered or PartFault.DerivedAltered or PartFault.TextAltered => "altered",
        PartFault.Unrecorded => "cut off",
        _ => "foreign",
    };

    private static string Remedy(PartFinding finding, string redo) => finding.Fault switch
    {
        PartFault.Missing => string.Create(CultureInfo.InvariantCulture, $"holds the rows of {finding.Documents} documents. Restore the file, or let them be done again: {redo}"),
        PartFault.Altered => string.Create(CultureInfo.InvariantCulture, $"is not as it was written (SHA-256 {finding.Part!.Sha256}); it holds the rows of {finding.Documents} documents. Restore the file, or let them be done again: {redo}"),
        PartFault.DerivedMissing => $"the next run makes it again from its JSON lines; at once: {redo}",
        PartFault.DerivedAltered => $"is not what its JSON lines give. Let it be made again from them: {redo}",
        PartFault.TextMissing => string.Create(CultureInfo.InvariantCulture, $"the texts of {finding.Documents} documents of part {finding.Part!.Shard} of run {finding.Part.Run} are not there, this one first. Restore them, or let the documents of the part be done again: {redo}"),
        PartFault.TextAltered => string.Create(CultureInfo.InvariantCulture, $"the texts of {finding.Documents} documents of part {finding.Part!.Shard} of run {finding.Part.Run} are not as long as their rows say or do not hold their quotes, this one first. Restore them, or let the documents of the part be done again: {redo}"),
        PartFault.Unrecorded => "was left by a run that did not end; the next run takes it over or removes it.",
        _ => "was written by no run of this ledger. It stays as it is; where its documents have other rows too, the latest processed_at is the valid one. Move it away if it does not belong here.",
    };
}
