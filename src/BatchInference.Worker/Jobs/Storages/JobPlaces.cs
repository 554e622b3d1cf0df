using Amazon.S3;
using BatchInference.Azure;
using BatchInference.Documents;
using BatchInference.Pipeline.Results;
using BatchInference.S3;
using BatchInference.Worker.Configuration;
using Polly;

namespace BatchInference.Worker.Jobs.Storages;

/// <summary>Where the documents of a job come from and where its results go, each a folder, a container or a bucket.</summary>
internal sealed class JobPlaces : IDisposable
{
    private readonly List<IDisposable> clients = [];
    private readonly WorkerConfiguration configuration;
    private readonly JobSettings job;
    private IAmazonS3? outputStore;
    private (string Path, NameFilter Names)? sourceFolder;
    private string? outputFolder;

    private JobPlaces(WorkerConfiguration configuration, JobSettings job)
    {
        this.configuration = configuration;
        this.job = job;
    }

    public DocumentSource Source { get; private set; } = null!;

    public ResultSink Sink { get; private set; } = null!;

    /// <summary>What happens to operations of the storage of the documents; null for a folder.</summary>
    public StorageGuard? SourceGuard { get; private set; }

    /// <summary>What happens to operations of the storage of the results; null for a folder.</summary>
    public StorageGuard? SinkGuard { get; private set; }

    /// <summary>True where a listed version is an ETag.</summary>
    public bool VersionsAreTags => SourceGuard is not null;

    /// <summary>False where the store of the results would let a late writer replace a part, so that only one node may write; known once the job was let in.</summary>
    public bool CreatesOnce { get; private set; } = true;

    /// <summary>Names the places; looks at folders, asks no storage anything.</summary>
    /// <exception cref="ConfigurationException">Something is missing or does not fit together: all of it is told.</exception>
    public static JobPlaces Of(WorkerConfiguration configuration, JobSettings job, string? source, string? output)
    {
        var places = new JobPlaces(configuration, job);
        var errors = new List<string>();
        foreach (var open in new Action[] { () => places.OpenSource(source), () => places.OpenOutput(output) })
        {
            try
            {
                open();
            }
            catch (ConfigurationException error)
            {
                errors.AddRange(error.Errors);
            }
        }

        if (errors.Count == 0 && places.ReadsItsResults() is { } loop)
            errors.Add(loop);
        if (errors.Count == 0)
            return places;
        places.Dispose();
        throw new ConfigurationException(errors);
    }

    /// <summary>Names the place of the results alone, for what needs no documents.</summary>
    /// <exception cref="ConfigurationException">Something does not fit together.</exception>
    public static JobPlaces OfOutput(WorkerConfiguration configuration, JobSettings job, string? output)
    {
        var places = new JobPlaces(configuration, job);
        places.OpenOutput(output);
        return places;
    }

    /// <summary>Asks the storages whether they let the job in: the source is listed, a probe is created in the output and removed. Folders are not asked.</summary>
    /// <param name="writes">False where nothing will be written.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    /// <exception cref="ConfigurationException">One does not: both are told.</exception>
    public async Task EnterAsync(bool writes, CancellationToken cancellationToken)
    {
        var errors = new List<string>();
        Task[] looks = [LookAtSourceAsync(cancellationToken), writes ? LookAtOutputAsync(cancellationToken) : Task.CompletedTask];
        await Task.WhenAll(looks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var look in looks)
        {
            try
            {
                await look;
            }
            catch (IOException error)
            {
                errors.Add($"jobs/{job.Name}.json: {error.Message}");
            }
            catch (ExecutionRejectedException error)
            {
                // The guard gave up; the storage told why, if it told anything.
                errors.Add($"jobs/{job.Name}.json: {(look == looks[0] ? "source" : "output")}: {error.InnerException?.Message ?? "the storage did not answer in the time of the configuration (Storage:OperationSeconds)."}");
            }
        }

        if (errors.Count > 0)
            throw new ConfigurationException(errors);
    }

    public void Dispose()
    {
        foreach (var client in clients) client.Dispose();
    }

    private void OpenSource(string? folder) => Source = new DistinctNames(Place(folder));

    private DocumentSource Place(string? folder)
    {
        var (settings, key) = (job.Source, $"jobs/{job.Name}.json: source");
        if (folder is not null || settings.Folder is not null)
            return FolderSource(folder);
        if (settings.AzureBlob is { } blobs)
        {
            var container = BlobContainers.Open(blobs, configuration.Settings.Storage, Secrets("source"), $"{key}.azureBlob");
            SourceGuard = Guard($"the container {blobs.Container}");
            return new BlobSource(container, blobs.Prefix, new NameFilter(blobs.Include, blobs.Exclude)) { Pages = SourceGuard.Operations };
        }

        var objects = settings.S3!;
        var store = Owned(ObjectStores.Open(objects, configuration.Settings.Storage, Secrets("source"), $"{key}.s3"));
        SourceGuard = Guard($"the bucket {objects.Bucket}");
        return new ObjectSource(store, objects.Bucket, objects.Prefix, new NameFilter(objects.Include, objects.Exclude)) { Pages = SourceGuard.Operations };
    }

    // Each night would read what the night before wrote.
    private string? ReadsItsResults()
    {
        if (sourceFolder is not { } source || outputFolder is not { } output)
            return null;
        var inside = Path.GetRelativePath(RealFolder.Of(source.Path), RealFolder.Of(output)).Replace('\\', '/');
        if (inside == ".." || inside.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(inside))
            return null;
        var part = $"{(inside == "." ? "" : $"{inside}/")}jsonl/run_date=2000-01-01/part.jsonl";
        return source.Names.Matches(part)
            ? $"jobs/{job.Name}.json: output.folder: {output} lies in the source, {source.Path}, so the next run would read these results as documents. Write them elsewhere{(inside == "." ? "" : $", or leave them out by source.folder.exclude: \"{inside}/**\"")}."
            : null;
    }

    private FolderSource FolderSource(string? folder)
    {
        var settings = job.Source.Folder;
        RefuseNoPath(folder, settings?.Path, "--source", "source.folder.path");
        var path = Path.GetFullPath((folder ?? settings!.Path).Replace("${shipped}", configuration.Folders.Shipped, StringComparison.Ordinal));
        if (!Directory.Exists(path))
            throw new ConfigurationException([folder is null
                ? $"jobs/{job.Name}.json: source.folder.path: the folder {path} does not exist, or this account may not see it. Create it, or write another path."
                : $"--source: the folder {path} does not exist, or this account may not see it."]);
        var names = folder is null ? new NameFilter(settings!.Include, settings.Exclude) : NameFilter.All;
        sourceFolder = (path, names);
        return new FolderSource(path, names);
    }

    private void RefuseNoPath(string? option, string? set, string optionName, string key)
    {
        if ((option ?? set) is { } path && (string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal)))
            throw new ConfigurationException([$"{(option is null ? $"jobs/{job.Name}.json: {key}" : optionName)}: \"{path.Replace("\0", "\\u0000", StringComparison.Ordinal)}\" is no path of a folder."]);
    }

    private void OpenOutput(string? folder)
    {
        var (settings, key) = (job.Output, $"jobs/{job.Name}.json: output");
        if ((folder ?? settings.Folder) is { } path)
        {
            RefuseNoPath(folder, path, "--output", "output.folder");
            outputFolder = Path.Combine(Path.GetFullPath(path), job.Name);
            if (FileInTheWay(outputFolder) is { } file)
                throw new ConfigurationException([$"{(folder is null ? $"{key}.folder" : "--output")}: {outputFolder} cannot be a folder: {file} is a file."]);
            Sink = new FolderSink(outputFolder);
        }
        else if (settings.AzureBlob is { } blobs)
        {
            var container = BlobContainers.Open(blobs, configuration.Settings.Storage, Secrets("output"), $"{key}.azureBlob");
            SinkGuard = Guard($"the container {blobs.Container}");
            Sink = new BlobSink(container, Below(blobs.Prefix)) { Pages = SinkGuard.Operations };
        }
        else
        {
            outputStore = Owned(ObjectStores.Open(settings.S3!, configuration.Settings.Storage, Secrets("output"), $"{key}.s3"));
            SinkGuard = Guard($"the bucket {settings.S3!.Bucket}");
            Sink = ObjectSink(outputStore, settings.S3);
        }
    }

    private static string? FileInTheWay(string? path)
    {
        for (; path is not null && !Directory.Exists(path); path = Path.GetDirectoryName(path))
            if (File.Exists(path))
                return path;
        return null;
    }

    private ObjectSink ObjectSink(IAmazonS3 store, ObjectSettings settings) =>
        new(store, settings.Bucket, Below(settings.Prefix)) { Pages = SinkGuard!.Operations, ConditionalWrites = CreatesOnce };

    private async Task LookAtSourceAsync(CancellationToken cancellationToken)
    {
        if (SourceGuard is not null)
            await Source.ListAsync(cancellationToken).AnyAsync(cancellationToken);
    }

    private async Task LookAtOutputAsync(CancellationToken cancellationToken)
    {
        if (outputStore is { } store && job.Output.S3 is { } settings)
        {
            CreatesOnce = await ConditionalWrites.AreKeptAsync(store, settings.Bucket, Below(settings.Prefix), cancellationToken);
            Sink = ObjectSink(store, settings);
            // Alone on its ledger a node has no late writer to fear; nodes that share one have.
            if (!CreatesOnce && configuration.Settings.Ledger.PostgreSql is not null)
                throw new IOException($"output.s3: {Sink.Identity} has no conditional writes: of two objects of one name the later replaced the first (a probe was written twice with If-None-Match). So a node that was paused could replace what another has written, and the ledger is one that nodes share (Ledger.PostgreSql). Write to a store that refuses the second (409 or 412), to a container of Azure or to a folder; or let one node alone run this job, with a ledger of its own: remove Ledger.PostgreSql from its appsettings.json.");
        }
        else if (SinkGuard is not null)
        {
            var probe = $".probe-{Guid.NewGuid():N}";
            Task<StoredFile?> CreateAsync() => Sink.CreateAsync(probe, (stream, token) => stream.WriteAsync("probe"u8.ToArray(), token).AsTask(), cancellationToken);
            await CreateAsync();
            CreatesOnce = await CreateAsync() is null;
            await Sink.DeleteAsync(probe, cancellationToken);
        }
    }

    private GivenSecrets Secrets(string side) => configuration.Secrets.Of(job.Name, side);

    private StorageGuard Guard(string place) => new(place, configuration.Settings.Storage, TimeProvider.System);

    private string Below(string prefix) => prefix.Trim('/') is { Length: > 0 } folder ? $"{folder}/{job.Name}" : job.Name;

    private IAmazonS3 Owned(IAmazonS3 store)
    {
        clients.Add(store);
        return store;
    }
}
