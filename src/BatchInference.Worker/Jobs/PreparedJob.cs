using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;
using BatchInference.Documents.Extraction.Isolation;
using BatchInference.Pipeline;
using BatchInference.Pipeline.Results;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs.Storages;

namespace BatchInference.Worker.Jobs;

/// <summary>A job whose every part was found and verified: what a run needs, nothing of it begun yet.</summary>
internal sealed class PreparedJob : IDisposable
{
    // A second, five, twenty-five: a file that is being moved, a server that starts again.
    private const int RetryGrowth = 5;

    private readonly WorkerConfiguration configuration;
    private IsolatedDocumentReader? reader;

    private PreparedJob(WorkerConfiguration configuration, JobSettings settings)
    {
        this.configuration = configuration;
        Settings = settings;
    }

    public JobSettings Settings { get; }

    /// <summary>What holds for the whole program.</summary>
    public AppSettings Program => configuration.Settings;

    /// <summary>The program's own folder on this machine.</summary>
    public string StateFolder => configuration.Folders.State;

    /// <summary>The job's tasks with their models.</summary>
    public JobTasks Tasks { get; private set; } = null!;

    public JobPlaces Places { get; private set; } = null!;

    public DocumentSource Source => Places.Source;

    public DocumentReader Reader => reader!;

    public ResultSink Sink => Places.Sink;

    /// <summary>Finds and verifies everything a job names.</summary>
    /// <param name="configuration">The whole configuration.</param>
    /// <param name="settings">The job.</param>
    /// <param name="source">A folder to read instead of the job's source.</param>
    /// <param name="output">A folder to write to instead of the job's.</param>
    /// <exception cref="ConfigurationException">Something is missing or unfit: all of it is told.</exception>
    public static PreparedJob Of(WorkerConfiguration configuration, JobSettings settings, string? source, string? output)
    {
        var job = new PreparedJob(configuration, settings);
        var errors = new List<string>();
        Try(errors, () => job.Places = JobPlaces.Of(configuration, settings, source, output));
        job.Tasks = JobTasks.Of(configuration, settings, errors);
        if (errors.Count > 0)
        {
            job.Dispose();
            throw new ConfigurationException(errors);
        }

        job.reader = Reading.Open(configuration.Settings, job.Fields);
        return job;
    }

    /// <summary>What a run is to do.</summary>
    public RunPlan Plan(DateTimeOffset now, DateOnly date, long? limit, bool again)
    {
        var formats = Settings.Output.Formats;
        var limits = configuration.Settings.Limits;
        return new RunPlan
        {
            Job = Settings.Name,
            Run = RunId.New(now, (ushort)RandomNumberGenerator.GetInt32(65536)),
            RunDate = date,
            Passes = Tasks.Plans,
            TaskOrder = [.. Settings.Tasks.Keys],
            Configuration = (JsonObject)Settings.Written.DeepClone(),
            ConfigurationHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Settings.Written.ToJsonString()))),
            Environment = RunEnvironment.Of(configuration.Settings, reader!.Settings.Tools),
            Kept = Tasks.Kept,
            ProgramVersion = ProgramVersion.Full,
            Formats = new OutputFormats
            {
                Parquet = formats.Contains("parquet"),
                Csv = formats.Contains("csv") ? new CsvFormat(Settings.Output.Csv.Delimiter, Settings.Output.Csv.ByteOrderMark) : null,
                Text = Settings.Output.Text,
                Metadata = Settings.Output.Metadata,
            },
            Content = Fields.Description,
            Readers = limits.Readers > 0 ? limits.Readers : Math.Max(2, Environment.ProcessorCount / 2),
            RetryDelays = [.. Enumerable.Range(0, limits.Retries).Select(tries => TimeSpan.FromSeconds(limits.RetrySeconds * Math.Pow(RetryGrowth, tries)))],
            VersionsAreTags = Places.VersionsAreTags,
            Limit = limit,
            Again = again,
        };
    }

    private ContentFields Fields => new(Settings.Content.TextField, Settings.Content.IdField);

    public void Dispose()
    {
        reader?.Dispose();
        Places?.Dispose();
        Tasks?.Dispose();
    }

    private static void Try(List<string> errors, Action action)
    {
        try
        {
            action();
        }
        catch (ConfigurationException error)
        {
            errors.AddRange(error.Errors);
        }
    }
}
