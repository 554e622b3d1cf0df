using System.Runtime.CompilerServices;
using BatchInference.Documents;

namespace BatchInference.Pipeline;

/// <summary>Lists the source against the books and cuts what is to be done into shards, as fast as they are settled: Document → Shard.</summary>
internal sealed class ShardFeed(RunPlan plan, DocumentSource source, FindSettled find, FindSettled findContainers, SettlementPolicy policy, RunProgress progress) : IDisposable
{
    // Two, so that the model does not run dry between the last document of one and the first of the next; not more, since what is in flight is what a power cut costs.
    private const int InFlight = 2;

    // Documents looked up at once: one question to the ledger, some hundred kilobytes.
    private const int LookedUp = 500;

    private readonly SemaphoreSlim slots = new(InFlight, InFlight);
    private Task<long?>? counting;
    private long? whole;
    private int numbers;

    /// <summary>Why the list could not be read to its end; null when it could.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>True when the list was read to its end, or to the limit.</summary>
    public bool Exhausted { get; private set; }

    /// <summary>Documents handed out, each counted once.</summary>
    public long HandedOut { get; private set; }

    /// <summary>A shard is in the books, so another may be handed out.</summary>
    public void Settled() => slots.Release();

    /// <summary>The shards of the run: first those of the list, then, once all of these are settled, what is to be tried again.</summary>
    /// <param name="again">Asked when the shards of the list are settled.</param>
    /// <param name="stop">Ends the list early, without an exception.</param>
    public async IAsyncEnumerable<Shard> ShardsAsync(Func<CancellationToken, Task<IReadOnlyList<Pending>>> again, [EnumeratorCancellation] CancellationToken stop)
    {
        var cutter = new ShardCutter(plan.ShardDocuments);
        await using (var pending = PendingAsync(countsAsListed: true, stop).GetAsyncEnumerator(CancellationToken.None))
        {
            while (HandedOut + cutter.Waiting != plan.Limit && await NextAsync(pending, stop) is { } next)
            {
                if (cutter.Add(next) is not { } full)
                    continue;
                // Where the first look-ahead is not the whole list, another look at it tells how much there is.
                counting ??= CountAsync(stop);
                if (!await TryEnterAsync(stop))
                    yield break;
                yield return New(full, lastChance: false);
            }
        }

        if (stop.IsCancellationRequested || Fault is not null)
            yield break;
        if (counting is null)
        {
            progress.Pending(cutter.Waiting);
            whole = plan.Limit is null ? cutter.Waiting : null;
        }

        foreach (var rest in cutter.Rest())
        {
            if (!await TryEnterAsync(stop))
                yield break;
            yield return New(rest, lastChance: false);
        }

        Exhausted = true;
        for (var slot = 0; slot < InFlight; slot++)
            if (!await TryEnterAsync(stop))
                yield break;
        slots.Release(InFlight);
        foreach (var rest in (await again(stop)).Chunk(plan.ShardDocuments))
        {
            if (!await TryEnterAsync(stop))
                yield break;
            yield return New(rest, lastChance: true);
        }
    }

    /// <summary>Every document to be done; null when the list was not counted to its end.</summary>
    public async Task<long?> TotalAsync() => counting is not null ? await counting : whole;

    /// <summary>Documents to be done, in the order of the list.</summary>
    /// <param name="countsAsListed">True when progress is to hear of them.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public async IAsyncEnumerable<Pending> PendingAsync(bool countsAsListed, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var documents in source.ListAsync(cancellationToken).Chunked(LookedUp, cancellationToken))
        {
            string[] paths = [.. documents.Select(document => document.Id.Path)];
            var known = await find(paths, cancellationToken);
            var containers = await findContainers(paths, cancellationToken);
            var pending = documents.Select(document => new Pending(document, known.GetValueOrDefault(document.Id.Path), containers.GetValueOrDefault(document.Id.Path))).Where(IsPending).ToArray();
            if (countsAsListed)
                progress.Listed(documents.Count, documents.Count - pending.Length);
            foreach (var document in pending)
                yield return document;
        }
    }

    public void Dispose() => slots.Dispose();

    // A document that this very run has settled was to be done when it began: so the second look counts what the first one finds.
    private bool IsPending(Pending pending) => policy.IsPending(pending.Document.Id.Version, pending.Whole) || pending.Whole?.Run == plan.Run;

    private async Task<long?> CountAsync(CancellationToken stop)
    {
        try
        {
            var count = await PendingAsync(countsAsListed: false, stop).LongCountAsync(CancellationToken.None);
            progress.Pending(Math.Min(count, plan.Limit ?? long.MaxValue));
            return count;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The list that counts is the one that hands out documents, and says so if it fails.
            return null;
        }
    }

    private Shard New(IReadOnlyList<Pending> documents, bool lastChance)
    {
        if (!lastChance)
            HandedOut += documents.Count;
        return new Shard(numbers++, documents, lastChance);
    }

    private async Task<Pending?> NextAsync(IAsyncEnumerator<Pending> pending, CancellationToken stop)
    {
        try
        {
            return await pending.MoveNextAsync() ? pending.Current : null;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception)
        {
            Fault = exception;
            return null;
        }
    }

    private async Task<bool> TryEnterAsync(CancellationToken stop)
    {
        try
        {
            await slots.WaitAsync(stop);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

/// <summary>Asks the books for documents by their names.</summary>
internal delegate Task<IReadOnlyDictionary<string, SettledDocument>> FindSettled(IReadOnlyList<string> paths, CancellationToken cancellationToken);

internal static class AsyncChunks
{
    /// <summary>Groups of at most <paramref name="size"/>, in order.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<T>> Chunked<T>(this IAsyncEnumerable<T> items, int size, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var chunk = new List<T>(size);
        await foreach (var item in items.WithCancellation(cancellationToken))
        {
            chunk.Add(item);
            if (chunk.Count < size)
                continue;
            yield return chunk;
            chunk = new List<T>(size);
        }

        if (chunk.Count > 0)
            yield return chunk;
    }
}
