using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Isolation;
using BatchInference.Documents.Extraction.Ocr;
using BatchInference.Worker.Configuration;

namespace BatchInference.Worker.Jobs;

/// <summary>How documents are read: in processes that are this program with a verb of its own.</summary>
internal static class Reading
{
    /// <summary>The verb; no user's, so no help tells of it.</summary>
    public const string HostVerb = "extraction-host";

    private const long Megabyte = 1024 * 1024;

    /// <summary>Opens the reader of a job; its processes are started when documents come.</summary>
    /// <param name="settings">What documents may cost, and what reads scans.</param>
    /// <param name="fields">Where the job's records have their texts.</param>
    public static IsolatedDocumentReader Open(AppSettings settings, ContentFields fields)
    {
        var limits = settings.Limits;
        var host = new HostSettings(LimitsOf(limits), FindTools(settings.Ocr), fields, limits.MemoryMegabytes * Megabyte);
        var isolation = new IsolationLimits { Memory = host.Memory, Time = TimeSpan.FromMinutes(limits.DocumentMinutes), DocumentsPerProcess = limits.DocumentsPerProcess };
        return new IsolatedDocumentReader(HostCommand.OfThisProgram(HostVerb), Local(host), host, isolation, TimeProvider.System);
    }

    /// <summary>Serves as such a process.</summary>
    public static int Host() => ExtractionHost.Run(Local);

    /// <summary>What reads scanned pages on this machine.</summary>
    public static OcrTools FindTools(OcrSettings settings) =>
        // Some milliseconds, once a run: not worth a job that is prepared asynchronously.
        OcrTools.FindAsync(
            new OcrOptions
            {
                Enabled = settings.Enabled,
                Languages = settings.Languages,
                Dpi = settings.Dpi,
                PageTime = TimeSpan.FromSeconds(settings.SecondsPerPage),
                PagesAtOnce = settings.PagesAtOnce,
                Tools = settings.Tools,
            },
            CancellationToken.None).GetAwaiter().GetResult();

    private static LocalDocumentReader Local(HostSettings host) => DocumentReader.Standard(host.Limits, TimeProvider.System, host.Fields, host.Tools);

    private static ExtractionLimits LimitsOf(LimitSettings limits) => new()
    {
        Bytes = limits.Megabytes * Megabyte,
        Characters = limits.Characters,
        Pages = limits.Pages,
        Time = TimeSpan.FromSeconds(limits.Seconds),
        ContainerBytes = limits.ContainerMegabytes * Megabyte,
        Depth = limits.Depth,
        Members = limits.Members,
        UnfoldedBytes = limits.UnfoldedMegabytes * Megabyte,
        CompressionRatio = limits.CompressionRatio,
    };
}
