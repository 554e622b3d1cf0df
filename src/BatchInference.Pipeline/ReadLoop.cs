using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using BatchInference.Documents.Extraction;
using BatchInference.Documents;
using BatchInference.Models.Onnx;
using BatchInference.Models.Passes;
using BatchInference.Pipeline.Suspects;
using Polly;

namespace BatchInference.Pipeline;

/// <summary>Opens, extracts and splits several documents at once: Document → DocumentInHand.</summary>
/// <param name="reader">Reads a document.</param>
/// <param name="passes">The models, loaded when the first document needs them.</param>
/// <param name="find">Asks the books for documents inside documents.</param>
/// <param name="policy">Tells a touched document from a changed one.</param>
/// <param name="readers">How many at once.</param>
/// <param name="gate">Bounds the tokens that wait for inference.</param>
internal sealed class ReadLoop(DocumentReader reader, Lazy<IReadOnlyList<ModelPass>> passes, FindSettled find, SettlementPolicy policy, int readers, TokenGate gate)
{
    // Texts that wait while the models are being loaded: some seconds of reading.
    private const int WaitingForModels = 16;

    // A document has time limits of its own; until they are over, whoever reads it lives.
    private static readonly TimeSpan SignOfLife = TimeSpan.FromMinutes(1);

    private Task<IReadOnlyList<ModelPass>>? models;
    private int reading;

    /// <summary>How the reading of a document is tried again when the storage gives nothing.</summary>
    public ResiliencePipeline SourcePipeline { get; init; } = ResiliencePipeline.Empty;

    /// <summary>Tells which documents wait or are set aside, since the worker died with them in hand.</summary>
    public Suspicion Suspicion { get; init; } = Suspicion.None;

    /// <summary>Told what is being split; null to tell nobody.</summary>
    public InHand? InHand { get; init; }

    /// <summary>Told, again and again while documents are being read, that the run lives.</summary>
    public required RunProgress Progress { get; init; }

    /// <summary>The clock of that.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>What is done when the models are loaded, before any document comes to one.</summary>
    public Func<Task> ModelsLoaded { get; init; } = () => Task.CompletedTask;

    /// <summary>Reads every document of the shards, in any order.</summary>
    /// <param name="shards">Where they come from; is asked for more only when a reader is free.</param>
    /// <param name="output">Where they go.</param>
    /// <param name="softStop">Lets no further document in.</param>
    /// <param name="cancellationToken">Lets go of everything.</param>
    public async Task RunAsync(IAsyncEnumerable<Shard> shards, ChannelWriter<DocumentInHand> output, CancellationToken softStop, CancellationToken cancellationToken)
    {
        // The stop is a condition here, not a cancellation: what was handed out is read to its end.
        // The cancellation is that of the loop: a reader that throws must also wake a feed that waits for a slot, or the loop would wait for the feed for ever.
        using var letGo = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var order = new ReadingOrder(shards.GetAsyncEnumerator(letGo.Token), readers / 2, () => softStop.IsCancellationRequested);
        using var places = new SemaphoreSlim(readers);
        await using var signs = Time.CreateTimer(_ => { if (Volatile.Read(ref reading) > 0) Progress.Waited(); }, null, SignOfLife, SignOfLife);
        ExceptionDispatchInfo? fault = null;
        await Task.WhenAll(Enumerable.Range(0, readers + WaitingForModels).Select(_ => Task.Run(LaneAsync, CancellationToken.None)));
        // What is being loaded is the caller's to dispose of, once it is there.
        if (models is not null)
            await Task.WhenAny(models);
        fault?.Throw();

        async Task LaneAsync()
        {
            try
            {
                while (true)
                {
                    await places.WaitAsync(letGo.Token);
                    using var place = new Place(places);
                    if (await order.NextAsync(letGo.Token) is not { } next)
                        return;
                    await ReadAsync(next, () => order.Read(next), place, output, () => softStop.IsCancellationRequested, letGo.Token);
                }
            }
            catch (Exception exception)
            {
                // The first is the cause; the others were told to let go.
                Interlocked.CompareExchange(ref fault, ExceptionDispatchInfo.Capture(exception), null);
                await letGo.CancelAsync();
            }
        }
    }

    // One reading is held back until the next is there, since the last one tells how many there are.
    // A stop lets no further document of a container in: the container is not recorded, and opened again by the next run.
    private async Task ReadAsync(ToRead next, Action read, Place place, ChannelWriter<DocumentInHand> output, Func<bool> stopped, CancellationToken cancellationToken)
    {
        var (shard, pending, _) = next;
        var (count, cut, hasOwn) = (0, false, false);
        DocumentReading? held = null;
        var names = new ReadingNames();
        var (readings, reading) = await OpenAsync(pending, cancellationToken);
        await using (readings)
            for (; !cut && reading is not null; reading = cut ? null : await NextAsync(readings, hasOwn, cancellationToken))
            {
                reading = names.Once(reading);
                hasOwn |= reading.Member is null;
                if (!pending.Wants(reading))
                    continue;
                if (held is not null)
                    await SendAsync(held, null);
                (held, count, cut) = (reading, count + 1, reading.Member is not null && stopped());
            }

        read();
        // While the models are being loaded, a text waits for them and the next document is read; later what waits is bounded by the gate and the number of readers.
        if (models is not { IsCompleted: true })
            place.Release();

        // What was to be tried once more is no longer there: nothing changes.
        held ??= new DocumentReading { Known = true };
        await SendAsync(held, cut ? null : Math.Max(1, count));

        async Task SendAsync(DocumentReading reading, int? total)
        {
            var document = await SplitAsync(shard, pending, reading, total, cancellationToken);
            await gate.EnterAsync(document.Tokens, cancellationToken);
            await output.WriteAsync(document, cancellationToken);
        }
    }

    // With the first reading the content has come; only until then is the storage to blame.
    private async Task<(IAsyncEnumerator<DocumentReading> Readings, DocumentReading? First)> OpenAsync(Pending pending, CancellationToken cancellationToken)
    {
        var readings = AsyncEnumerable.Empty<DocumentReading>().GetAsyncEnumerator(cancellationToken);
        try
        {
            var first = await SourcePipeline.ExecuteAsync(async _ =>
            {
                await readings.DisposeAsync();
                readings = reader.ReadAsync(pending.Document, sha256 => IsKnown(pending, sha256), cancellationToken).GetAsyncEnumerator(cancellationToken);
                return await MoveAsync(readings);
            }, cancellationToken);
            return (readings, first);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await readings.DisposeAsync();
            throw;
        }
        catch (Exception exception) when (exception is StorageUnavailableException or ExecutionRejectedException)
        {
            // The pipeline gave up, or the storage is out and the run was asked to stop.
            return (readings, new DocumentReading { Failure = new DocumentFailure("open", $"The storage gives nothing: {exception.Message}", Permanent: false) });
        }
        catch (Exception exception)
        {
            return (readings, new DocumentReading { Failure = Failures.Of("extract", exception) });
        }
    }

    // A content that is new will need the models: they are loaded while it is being read.
    private bool IsKnown(Pending pending, string sha256)
    {
        var known = pending.Only is null && policy.IsUnchanged(sha256, pending.Whole);
        if (!known)
            _ = ModelsAsync();
        return known;
    }

    private Task<IReadOnlyList<ModelPass>> ModelsAsync() => LazyInitializer.EnsureInitialized(ref models, () => Task.Run(async () =>
    {
        var loaded = passes.Value;
        await ModelsLoaded();
        return loaded;
    }));

    private async Task<DocumentReading?> MoveAsync(IAsyncEnumerator<DocumentReading> readings)
    {
        Interlocked.Increment(ref reading);
        try
        {
            return await readings.MoveNextAsync() ? readings.Current : null;
        }
        finally
        {
            Interlocked.Decrement(ref reading);
        }
    }

    private async Task<DocumentReading?> NextAsync(IAsyncEnumerator<DocumentReading> readings, bool hasOwn, CancellationToken cancellationToken)
    {
        try
        {
            return await MoveAsync(readings);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        {
            // The enumerator has ended with it, so this is the last reading; behind the document's own it is of what stands inside.
            return new DocumentReading { Member = hasOwn ? "!/*" : null, Failure = Failures.Of("extract", exception) };
        }
    }

    private async Task<DocumentInHand> SplitAsync(Shard shard, Pending pending, DocumentReading reading, int? total, CancellationToken cancellationToken)
    {
        var path = pending.Document.Id.Path + reading.Member;
        var settled = reading.Member is null ? pending.Settled : (await find([path], cancellationToken)).GetValueOrDefault(path);
        var document = new DocumentInHand(shard, pending, reading)
        {
            Settled = settled,
            Readings = total,
            Unchanged = reading.Known || (pending.Only?.Contains(path) != true && policy.IsUnchanged(reading.Sha256, settled)),
        };
        if (document.Unchanged || reading.Text is not { } text || reading.Failure is not null)
            return document;

        if (Suspicion.Judge(path, pending.Document.Id.Version, shard.IsAlone) is { } judged)
        {
            document.Failure = judged;
            return document;
        }

        // Models that cannot be loaded end the run; they are no document's failure.
        var loaded = await ModelsAsync();
        using var held = InHand?.Take([document]);
        try
        {
            document.Shares = [.. loaded.Select(pass => new PassShare(pass, pass.Split(text.Text, text.Language)))];
            document.OpenPasses = document.Shares.Count;
        }
        catch (Exception exception)
        {
            // What the model's files lack is not the document's fault: it is tried again when they are mended.
            document.Failure = Failures.Of("split", exception, permanent: exception is not ModelException);
        }

        return document;
    }

    /// <summary>The place of one reader among those that may read at once; given back once.</summary>
    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        private bool released;

        public void Release()
        {
            if (released)
                return;
            released = true;
            places.Release();
        }

        public void Dispose() => Release();
    }
}
