using System.Runtime.CompilerServices;
using BatchInference.Documents;
using BatchInference.Models.Shelf;
using BatchInference.Pipeline;
using BatchInference.Pipeline.Results;
using BatchInference.Worker.Commands;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;
using BatchInference.Worker.Scheduling;

namespace BatchInference.Worker.Doctor;

/// <summary>What one job's next night depends on, and how its last one went.</summary>
internal sealed class JobExamination(WorkerConfiguration configuration, JobSettings settings, ModelChoice choice, SqlLedger? ledger, TimeProvider time)
{
    // One that cannot be read says little of the others; so many do.
    private const int DocumentsTried = 20;

    public async IAsyncEnumerable<Finding> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PreparedJob? job = null;
        IReadOnlyList<string> errors = [];
        try
        {
            job = PreparedJob.Of(configuration, settings, source: null, output: null);
        }
        catch (ConfigurationException error)
        {
            errors = error.Errors;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            errors = [Boundary.Unexpected(Check(), error).Found];
        }

        foreach (var error in errors)
            yield return Finding.Of(Check(), error);
        if (job is not null)
        {
            using (job)
            {
                yield return new(Check(), true, "its models and label sets are there and fit", null);
                yield return Examination.Judge(Check("memory"), Memory);
                yield return await Boundary.RoundAsync(Check("source"), () => Elsewhere("source.folder.path", settings.Source.Folder?.Path) is { } elsewhere ? Task.FromResult(elsewhere) : SourceAsync(job, cancellationToken));
                yield return await Boundary.RoundAsync(Check("output"), () => Elsewhere("output.folder", settings.Output.Folder) is { } elsewhere ? Task.FromResult(elsewhere) : job.Places.SinkGuard is null ? FolderAsync(Path.GetFullPath(settings.Output.Folder!), cancellationToken) : StoreAsync(job, cancellationToken));
            }

            if (settings.Output.Folder is { } folder)
                yield return await Boundary.RoundAsync(Check("disk of the output"), async () => DiskSpace.Of(Check("disk of the output"), Path.GetFullPath(folder), await LargestNightAsync(cancellationToken)));
        }

        if (ledger is not null)
            yield return await Boundary.RoundAsync(Check("last run"), async () => LastRun(await StatusCommand.LastAsync(ledger, settings.Name, cancellationToken)));
        yield return Boundary.Round(Check("next opening"), NextOpening);
    }

    // What is found here says nothing of what the service will find: it is started in a folder of its own.
    private Finding? Elsewhere(string key, string? folder) => settings.Enabled && settings.Schedule.Count > 0 && folder is not null && !folder.StartsWith("${shipped}", StringComparison.Ordinal) && !Path.IsPathRooted(folder)
        ? new(Check(key.Split('.')[0]), false, $"jobs/{settings.Name}.json: {key}: \"{folder}\" is looked for in the folder in which the program is started, and the service is started in another than you", "Write the whole path.")
        : null;

    private string Check(string? what = null) => what is null ? $"job {settings.Name}" : $"job {settings.Name}: {what}";

    private string Memory()
    {
        var models = settings.Tasks.Values.Select(task => choice.Use(task.Model, task.Variant)).Distinct().ToArray();
        return MemoryNeed.Judge([.. models.Select(use => (use.Name, ModelWeights.BytesOf(use)))], GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
    }

    private async Task<Finding> SourceAsync(PreparedJob job, CancellationToken cancellationToken)
    {
        var tried = 0;
        Exception? refused = null;
        try
        {
            await foreach (var document in job.Source.ListAsync(cancellationToken))
            {
                try
                {
                    await (await document.OpenAsync(cancellationToken)).DisposeAsync();
                    return new(Check("source"), true, $"{job.Source.Description} can be listed and read ({document.Id.Path} …)", null);
                }
                catch (Exception error) when (error is DocumentException or IOException or UnauthorizedAccessException && ++tried < DocumentsTried)
                {
                    refused ??= error;
                }
            }

            return refused is null
                ? new(Check("source"), true, $"{job.Source.Description} can be listed; it holds no document for this job", "Where there should be some: is it mounted, do the patterns of the job fit? Links to folders and links that lead outside are not followed.")
                : Unreadable(job, refused);
        }
        catch (DocumentException error)
        {
            return Unreadable(job, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return tried > 0 ? Unreadable(job, error) : new(Check("source"), false, error.Message, job.Places.SourceGuard is null ? $"Give the account {Environment.UserName} the right to read it." : null);
        }
    }

    private Finding Unreadable(PreparedJob job, Exception error) =>
        new(Check("source"), false, $"{job.Source.Description} can be listed, but none of its first documents can be read: {error.Message}", job.Places.SourceGuard is null ? $"Give the account {Environment.UserName} the right to read them." : null);

    private async Task<Finding> StoreAsync(PreparedJob job, CancellationToken cancellationToken)
    {
        try
        {
            await job.Places.EnterAsync(writes: true, cancellationToken);
            return new(Check("output"), true, $"{job.Sink.Identity} takes a probe and lets it be removed{(job.Places.CreatesOnce ? "; of two of one name it keeps the first" : "; the store has no conditional writes, so only one node may run this job")}", null);
        }
        catch (ConfigurationException error)
        {
            return Finding.Of(Check("output"), string.Join(' ', error.Errors));
        }
    }

    // The folder itself may be made by the first run: then what is above it must let it.
    private async Task<Finding> FolderAsync(string folder, CancellationToken cancellationToken)
    {
        var existing = DiskSpace.Existing(folder);
        var probes = Path.Combine(existing, $"{WritableFolder.Probe}{Guid.NewGuid():N}");
        try
        {
            var sink = new FolderSink(probes);
            Task<StoredFile?> Create() => sink.CreateAsync("probe", (stream, token) => stream.WriteAsync("probe"u8.ToArray(), token).AsTask(), cancellationToken);
            await Create();
            if (await Create() is not null)
                return new(Check("output"), false, $"{existing} lets a file be replaced by another of its name: two processes could write one part", "Put the results on a file system that refuses it.");
            return new(Check("output"), true, $"{(existing == folder ? $"{folder} can be written" : $"{folder} will be made in {existing}, which can be written")}; of two files of one name it keeps the first", null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new(Check("output"), false, $"{existing} cannot be written by {Environment.UserName}: {((error.InnerException ?? error) is UnauthorizedAccessException ? "permission denied" : (error.InnerException ?? error).Message)}.", "Give this account the right to write there, or set another output.folder.");
        }
        finally
        {
            if (Directory.Exists(probes))
                Directory.Delete(probes, recursive: true);
        }
    }

    private async Task<long> LargestNightAsync(CancellationToken cancellationToken)
    {
        var largest = 0L;
        if (ledger is not null)
            foreach (var run in await ledger.RunsAsync(settings.Name, 10, cancellationToken))
                largest = Math.Max(largest, (await ledger.PartsOfAsync(run.Run, cancellationToken)).Sum(part => part.Bytes));
        // What is recorded are the JSON lines; each other format and the texts are about as large.
        return largest * (settings.Output.Formats.Count + (settings.Output.Text ? 1 : 0));
    }

    private Finding LastRun(RunRecord? run) => new(Check("last run"), true, StatusCommand.Ending(run),
        run?.Ending is { End: RunEnd.Failed } ? "Look at the log of that time; if nothing here is BAD, the cause is gone." : null);

    private Finding NextOpening() => settings.Schedule.Count == 0
        ? new(Check("next opening"), true, "only by `run`: it has no schedule", null)
        : Openings.After(settings, time.GetUtcNow()) is not null
            ? new(Check("next opening"), true, JobsCommand.Opening(settings, time.GetUtcNow()), null)
            : new(Check("next opening"), false, "never: no night of its schedule opens within two years", "Look at nights and exceptNightsOf of its schedule.");
}
