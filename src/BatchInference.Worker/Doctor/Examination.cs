using System.Globalization;
using System.Runtime.CompilerServices;
using BatchInference.Documents.Extraction;
using BatchInference.Models.Labels;
using BatchInference.Models.Onnx;
using BatchInference.Models.Shelf;
using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;

namespace BatchInference.Worker.Doctor;

/// <summary>Looks, one after the other, at everything that a night depends on. Changes nothing but probe files that it removes.</summary>
internal sealed class Examination(WorkerConfiguration configuration, Func<string, string?> variable, TimeProvider time)
{
    private readonly ModelChoice choice = new(configuration);

    public async IAsyncEnumerable<Finding> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new("configuration", true, $"{configuration.Folders.Configuration}: {configuration.Jobs.Count} jobs, {configuration.Jobs.Values.Count(job => job.Enabled)} enabled", null);
        foreach (var warning in configuration.Warnings)
            yield return new("configuration", true, warning, null);
        // A file with one is refused when the configuration is read.
        yield return new("secrets", true, "none in the configuration files", null);
        foreach (var finding in Boundary.Round("permissions", () => FileRights.Look(configuration, variable)))
            yield return finding;
        yield return Judge("state folder", () =>
        {
            StateFolder.Prepare(configuration.Folders.State);
            return $"{configuration.Folders.State} can be written";
        });
        yield return Boundary.Round("log files", () => LogFolder.Look(configuration, variable));
        foreach (var finding in Boundary.Round("service unit", () => ServiceUnit.Look(configuration)))
            yield return finding;
        yield return Boundary.Round("disk of the state folder", () => DiskSpace.Of("disk of the state folder", configuration.Folders.State, DiskSpace.ForLedger(configuration.Folders.State)));
        yield return Boundary.Round("temporary files", DiskSpace.Temporary);
        SqlLedger? ledger = null;
        yield return Judge("ledger", () =>
        {
            ledger = LedgerChoice.FindAsync(configuration, time, cancellationToken).GetAwaiter().GetResult();
            return ledger is null ? "none yet; the first run makes it" : LedgerVersion.Of(configuration);
        });
        await using var closing = ledger;
        yield return Boundary.Round("time zone", TimeZone);
        yield return await Boundary.RoundAsync("clock", () => Clock.LookAsync(configuration, ledger, time, cancellationToken));
        yield return Boundary.Round("outside addresses", Outside);
        foreach (var finding in Boundary.Round("morning message", () => NoticeExamination.Look(configuration)))
            yield return finding;
        yield return Boundary.Round("reading of scans", Scans);
        yield return Boundary.Round("old Office formats", OldOffice);
        foreach (var name in choice.Models)
            yield return Judge($"model {name}", () => string.Create(CultureInfo.InvariantCulture, $"{choice.Model(name).Files.Count} files are as they were pinned"));
        yield return Provider();
        if (configuration.Settings.Models.Provider != "cpu")
            yield return NeverRunOnDevice();
        foreach (var job in configuration.JobsOfThisNode)
            await foreach (var finding in Boundary.RoundAsync($"job {job.Name}", new JobExamination(configuration, job, choice, ledger, time).RunAsync(cancellationToken)))
                yield return finding;
    }

    /// <summary>What was found by a look that throws what is wrong.</summary>
    public static Finding Judge(string check, Func<string> look)
    {
        try
        {
            return new(check, true, look(), null);
        }
        catch (Exception error) when (error is ConfigurationException or ModelException or LabelSetException or IOException or UnauthorizedAccessException or InvalidDataException or System.Data.Common.DbException)
        {
            return Finding.Of(check, error.Message);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return Boundary.Unexpected(check, error);
        }
    }

    // Never stops a night: files of the old formats fail alone, with this reason, and are tried again when it is there.
    private static Finding OldOffice() => LegacyOfficeExtractor.Installed is { } program
        ? new("old Office formats", true, $"read through LibreOffice ({program})", null)
        : new("old Office formats", true, "not read: LibreOffice is not installed", $"{(OperatingSystem.IsWindows() ? "install LibreOffice, and put the folder of soffice.exe into PATH" : "apt-get install libreoffice-writer libreoffice-calc libreoffice-impress")}, where the archive holds .doc, .xls or .ppt files");

    private Finding TimeZone() => new("time zone", true, $"this machine is in {TimeZoneInfo.Local.Id}, where it is {TimeZoneInfo.ConvertTime(time.GetUtcNow(), TimeZoneInfo.Local).ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture)}", null);

    private Finding Outside()
    {
        var addresses = OutsideAddresses.Of(configuration);
        return new("outside addresses", true, addresses.Count == 0
            ? "none: nothing is connected to"
            : $"{string.Join("; ", addresses.Select(one => $"{one.Address} ({one.What}, {one.For})"))}; nothing else is connected to", null);
    }

    private static Finding NeverRunOnDevice() => new("devices", true, "this program was never run on a GPU by those who made it. Before a night relies on one, compare the answers of `run --limit 50` on it with those of the processor", null);

    private Finding Provider() => Judge($"execution provider {configuration.Settings.Models.Provider}", () =>
    {
        var models = Used();
        foreach (var model in models)
            ModelTrial.Run(model);
        return $"{string.Join(", ", models.Select(model => model.Name))} {(models.Count == 1 ? "answers" : "answer")}; {OnnxRuntimeVersion.Told}";
    });

    // A job whose model is missing tells so itself.
    private IReadOnlyList<ModelUse> Used()
    {
        var uses = new List<ModelUse>();
        foreach (var task in configuration.JobsOfThisNode.SelectMany(job => job.Tasks.Values))
        {
            try
            {
                uses.Add(choice.Use(task.Model, task.Variant));
            }
            catch (Exception error) when (error is ConfigurationException or ModelException)
            {
                continue;
            }
        }

        return uses.Count > 0 ? [.. uses.Distinct()] : [choice.Use(null, null)];
    }

    // Without them scans have no text, and that with a reason; no night stops.
    private Finding Scans()
    {
        var tools = Reading.FindTools(configuration.Settings.Ocr);
        var missing = tools.Options.Languages.Except(tools.Languages).ToArray();
        return tools.CanRead
            ? new("reading of scans", true, $"{tools.TesseractVersion} with {string.Join(", ", tools.Languages)}{(missing.Length == 0 ? "" : $", without {string.Join(", ", missing)}")}; {tools.RendererVersion ?? "no pdftoppm: only PDF pages that are one JPEG or PNG picture are read"}", missing.Length == 0 && tools.Renderer is not null ? null : tools.Remedy)
            : new("reading of scans", true, $"scans will have no text: {tools.Missing}", null);
    }
}
