using System.CommandLine;
using System.Globalization;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;
using BatchInference.Worker.Jobs.Storages;

namespace BatchInference.Worker.Commands;

/// <summary><c>export &lt;job&gt; --to FILE</c>: the current view, one row a document.</summary>
internal static class ExportCommand
{
    private static readonly string[] Endings = [".parquet", ".csv", ".jsonl"];

    public static Command Create(Surroundings surroundings)
    {
        var name = new Argument<string>("job") { Description = "Name of a job" };
        var to = new Option<string>("--to") { Description = "File to write: .parquet, .csv or .jsonl", HelpName = "FILE", Required = true };
        var existing = new Option<bool>("--existing") { Description = "Leave out documents that are gone from the source" };
        var output = new Option<string?>("--output") { Description = "Folder that the results lie in, where the run was given one", HelpName = "DIR" };
        var source = new Option<string?>("--source") { Description = "With --existing: folder that the documents lie in, where the run was given one", HelpName = "DIR" };
        to.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } file && !Endings.Contains(Path.GetExtension(file).ToLowerInvariant())) result.AddError($"--to: the file must end with {string.Join(", ", Endings)}.");
        });
        var command = new Command("export", "Write the current view: one row a document, the latest.\n\nExample:\n  batch-inference export archives --to archives.parquet --existing") { name, to, existing, source, output };
        command.Validators.Add(result =>
        {
            if (result.GetResult(source) is not null && !result.GetValue(existing)) result.AddError("--source: is only looked at with --existing.");
        });
        command.SetAction(async (parsed, token) =>
        {
            var configuration = surroundings.Configure(parsed.GetValue(BatchInferenceCommand.Config), parsed.GetValue(BatchInferenceCommand.State), asked: parsed.GetValue(name));
            var settings = configuration.Job(parsed.GetValue(name)!);
            // What was written needs no model, and no source unless it is asked what it still has.
            var asked = parsed.GetValue(existing);
            var file = Path.GetFullPath(parsed.GetValue(to)!, surroundings.WorkingFolder);
            if (!Directory.Exists(Path.GetDirectoryName(file)))
                throw new ConfigurationException([$"--to: the folder {Path.GetDirectoryName(file)} does not exist, or this account may not see it. Create it, or name another one."]);
            using var places = asked ? JobPlaces.Of(configuration, settings, parsed.GetValue(source), parsed.GetValue(output)) : JobPlaces.OfOutput(configuration, settings, parsed.GetValue(output));
            await using var books = await LedgerChoice.FindAsync(configuration, surroundings.Time, token);
            var ledger = await KnownOutput.RequireAsync(books, new ResultScope(settings.Name, places.Sink.Identity), configuration.Folders.State, token);
            var csv = new CsvFormat(settings.Output.Csv.Delimiter, settings.Output.Csv.ByteOrderMark);
            ExportReport report;
            try
            {
                report = await new Export(places.Sink, ledger).ToFileAsync(settings.Name, file, csv, asked ? places.Source : null, token);
            }
            catch (InvalidDataException error)
            {
                await surroundings.Error.WriteLineAsync($"{error.Message} Nothing was written. Restore that file, or let its documents be done again by the next run: batch-inference ledger check {settings.Name} --redo");
                return ExitCodes.CouldNotGoOn;
            }

            await surroundings.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{report.Rows} documents written to {file}{(report.Gone > 0 ? $"; {report.Gone} gone from the source left out" : "")}."));
            if (report is { Rows: 0, Gone: > 0 })
                await surroundings.Error.WriteLineAsync($"None of the documents is in {places.Source.Description}. If the run was given another folder by --source, name it here too.");
            if (report.MissingParts == 0) return ExitCodes.Done;
            await surroundings.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{report.MissingParts} parts with {report.MissingRows} rows are recorded in the ledger and missing in {places.Sink.Identity}. Restore them, or do their documents again with `run {settings.Name} --again`."));
            return ExitCodes.CouldNotGoOn;
        });
        return command;
    }
}
