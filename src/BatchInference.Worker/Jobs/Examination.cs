using System.Globalization;
using System.Runtime.CompilerServices;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.Models.Labels;
using BatchInference.Models.Onnx;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Jobs;

/// <summary>What was looked at, what was found.</summary>
/// <param name="Check">What was looked at.</param>
/// <param name="Good">False when it would stop a night, or give away a secret.</param>
/// <param name="Found">What was found.</param>
/// <param name="Remedy">What to do; null when there is nothing, or when what was found tells it.</param>
internal sealed record Finding(string Check, bool Good, string Found, string? Remedy)
{
    public static Finding Of(string check, string error) => new(check, false, error, null);
}

/// <summary>Looks, one after the other, at everything that a night depends on. Changes nothing but a probe file that it removes.</summary>
internal sealed class Examination(WorkerConfiguration configuration)
{
    // Under this a night's parts, ledger and temporary files may not fit.
    private const long LeastDisk = 1L << 30;

    private readonly ModelChoice choice = new(configuration);

    public async IAsyncEnumerable<Finding> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new("configuration", true, $"{configuration.Folders.Configuration}: {configuration.Jobs.Count} jobs, {configuration.Jobs.Values.Count(job => job.Enabled)} enabled", null);
        // A file with one is refused when the configuration is read.
        yield return new("secrets", true, "none in the configuration files", null);
        foreach (var finding in Permissions())
            yield return finding;
        yield return State();
        yield return Ledger();
        yield return Disk("disk of the state folder", configuration.Folders.State);
        yield return TimeZone();
        yield return OldOffice();
        foreach (var name in choice.Models)
            yield return Model(name);
        yield return Provider(cancellationToken);
        if (configuration.Settings.Models.Provider != "cpu")
            yield return NeverRunOnDevice();
        yield return Scans();
        foreach (var job in configuration.Jobs.Values.Where(job => job.Enabled).OrderBy(job => job.Name, StringComparer.Ordinal))
            await foreach (var finding in JobAsync(job, cancellationToken))
                yield return finding;
    }

    private IEnumerable<Finding> Permissions()
    {
        if (OperatingSystem.IsWindows())
            yield break;
        var open = ConfigurationFiles().Where(path => !OperatingSystem.IsWindows() && File.GetUnixFileMode(path).HasFlag(UnixFileMode.OtherWrite)).ToArray();
        yield return open.Length == 0
            ? new("permissions", true, "only owner and group may change the configuration", null)
            : new("permissions", false, $"everybody may change {string.Join(", ", open)}", $"chmod o-w {string.Join(' ', open)}");
    }

    private Finding State() => Judge("state folder", () =>
    {
        StateFolder.Prepare(configuration.Folders.State);
        return $"{configuration.Folders.State} can be written";
    });

    private Finding Ledger() => Judge("ledger", () =>
    {
        using var ledger = new Closing(LedgerChoice.OpenAsync(configuration, TimeProvider.System, CancellationToken.None).GetAwaiter().GetResult());
        return configuration.Settings.Ledger.PostgreSql is null ? "the file in the state folder can be read" : "the database can be reached and has its tables";
    });

    // Never stops a night: files of the old formats fail alone, with this reason, and are tried again when it is there.
    private static Finding OldOffice() => LegacyOfficeExtractor.Installed is { } program
        ? new("old Office formats", true, $"read through LibreOffice ({program})", null)
        : new("old Office formats", true, "not read: LibreOffice is not installed", "apt-get install libreoffice-writer libreoffice-calc libreoffice-impress, where the archive holds .doc, .xls or .ppt files");

    private static Finding TimeZone() => new("time zone", true, $"this machine is in {TimeZoneInfo.Local.Id}, where it is {TimeZoneInfo.ConvertTime(TimeProvider.System.GetUtcNow(), TimeZoneInfo.Local).ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture)}", null);

    private Finding Model(string name) => Judge($"model {name}", () => string.Create(CultureInfo.InvariantCulture, $"{choice.Model(name).Files.Count} files are as they were pinned"));

    private static Finding NeverRunOnDevice() => new("devices", true, "this program was never run on a GPU by those who made it. Before a night relies on one, compare the answers of `run --limit 50` on it with those of the processor", null);

    private Finding Provider(CancellationToken cancellationToken) => Judge($"execution provider {configuration.Settings.Models.Provider}", () =>
    {
        using var encoder = choice.Encoder(choice.Use(null, null));
        var vector = encoder.Embed(["Un texte."], cancellationToken)[0];
        return vector.All(float.IsFinite) ? $"{encoder.Model} gives a vector" : throw new ModelException($"{encoder.Model} gives numbers that are none. Set Models:Provider to cpu, or update the driver of the device.");
    });

    // Without them scans have no text, and that with a reason; no night stops.
    private Finding Scans()
    {
        var tools = Reading.FindTools(configuration.Settings.Ocr);
        var missing = tools.Options.Languages.Except(tools.Languages).ToArray();
        return tools.CanRead
            ? new("reading of scans", true, $"{tools.TesseractVersion} with {string.Join(", ", tools.Languages)}{(missing.Length == 0 ? "" : $", without {string.Join(", ", missing)}")}; {tools.RendererVersion ?? "no pdftoppm: only PDF pages that are one JPEG or PNG picture are read"}", missing.Length == 0 && tools.Renderer is not null ? null : tools.Remedy)
            : new("reading of scans", true, $"scans will have no text: {tools.Missing}", null);
    }

    private async IAsyncEnumerable<Finding> JobAsync(JobSettings settings, [EnumeratorCancellation] CancellationToken cancellationToken)
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

        foreach (var error in errors)
            yield return Finding.Of($"job {settings.Name}", error);
        if (job is null)
            yield break;
        using (job)
        {
            yield return new($"job {settings.Name}", true, "its models and label sets are there and fit", null);
            yield return await SourceAsync(job, cancellationToken);
            if (job.Places.SinkGuard is not null)
                yield return await StoreAsync(job, cancellationToken);
        }

        if (settings.Output.Folder is not { } folder)
            yield break;
        var output = Path.GetFullPath(folder);
        yield return Output($"job {settings.Name}: output", output);
        yield return Disk($"job {settings.Name}: disk of the output", output);
    }

    private static async Task<Finding> SourceAsync(PreparedJob job, CancellationToken cancellationToken)
    {
        var check = $"job {job.Settings.Name}: source";
        try
        {
            await foreach (var first in job.Source.ListAsync(cancellationToken))
            {
                // A folder tells by its listing what the account may read; a storage gives listing and reading as two rights.
                if (job.Places.SourceGuard is not null)
                    await (await first.OpenAsync(cancellationToken)).DisposeAsync();
                return new(check, true, $"{job.Source.Description} can be listed{(job.Places.SourceGuard is null ? "" : " and read")} ({first.Id.Path} …)", null);
            }

            return new(check, true, $"{job.Source.Description} can be listed; it is empty", null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new(check, false, error.Message, job.Places.SourceGuard is null ? $"Give {Environment.UserName} the right to read it." : null);
        }
        catch (DocumentException error)
        {
            return new(check, false, $"{job.Source.Description} can be listed, but its first document cannot be read: {error.Message}", null);
        }
    }

    private static async Task<Finding> StoreAsync(PreparedJob job, CancellationToken cancellationToken)
    {
        var check = $"job {job.Settings.Name}: output";
        try
        {
            await job.Places.EnterAsync(writes: true, cancellationToken);
            return new(check, true, $"{job.Sink.Identity} takes a probe and lets it be removed{(job.Places.CreatesOnce ? "" : "; the store has no conditional writes, so only one node may run this job")}", null);
        }
        catch (ConfigurationException error)
        {
            return Finding.Of(check, string.Join(' ', error.Errors));
        }
    }

    // The folder itself may be made by the first run: then what is above it must let it.
    private static Finding Output(string check, string folder)
    {
        var existing = Existing(folder);
        try
        {
            var probe = Path.Combine(existing, $".probe-{Guid.NewGuid():N}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return new(check, true, existing == folder ? $"{folder} can be written" : $"{folder} will be made in {existing}, which can be written", null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new(check, false, $"{existing} cannot be written by {Environment.UserName}: {error.Message}", "Give this account the right to write there, or set another output.folder.");
        }
    }

    private static Finding Disk(string check, string folder)
    {
        var drive = new DriveInfo(Existing(folder));
        var free = drive.AvailableFreeSpace;
        var found = string.Create(CultureInfo.InvariantCulture, $"{free / (double)(1L << 30):0.0} GiB free of {drive.TotalSize / (double)(1L << 30):0.0}");
        return free >= LeastDisk ? new(check, true, found, null) : new(check, false, found, "Make room: a night needs 1 GiB at least.");
    }

    private static string Existing(string folder)
    {
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
            folder = parent;
        return folder;
    }

    private static Finding Judge(string check, Func<string> look)
    {
        try
        {
            return new(check, true, look(), null);
        }
        catch (Exception error) when (error is ConfigurationException or ModelException or LabelSetException or IOException or UnauthorizedAccessException or InvalidDataException or System.Data.Common.DbException)
        {
            return Finding.Of(check, error.Message.ReplaceLineEndings(" "));
        }
    }

    private IEnumerable<string> ConfigurationFiles()
    {
        var jobs = Path.Combine(configuration.Folders.Configuration, "jobs");
        return Directory.GetFiles(configuration.Folders.Configuration, "appsettings.json").Concat(Directory.Exists(jobs) ? Directory.GetFiles(jobs, "*.json") : []);
    }

    private sealed class Closing(SqlLedger ledger) : IDisposable
    {
        public void Dispose() => ledger.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
