using System.Runtime.CompilerServices;
using BatchInference.Documents;

namespace BatchInference.Pipeline;

/// <summary>Lists the source against the books and puts what is to be done on the board, cut into shards: Document → Pending → board. One process of a run does.</summary>
internal sealed class ShardListing(RunPlan plan, DocumentSource source, FindSettled find, FindSettled findContainers, SettlementPolicy policy, RunProgress progress)
{
    // Documents looked up at once: one question to the ledger, some hundred kilobytes.
    private const int LookedUp = 500;

    private Task<long?>? counting;
    private long? whole;

    /// <summary>The document to begin with; what stands before it in ordinal order comes last. Null to take the list as it is.</summary>
    public string? First { get; init; }

    /// <summary>Told of every document, and when the list was read to its end; null to tell nobody.</summary>
    public GoneDocuments? Gone { get; init; }

    /// <summary>The last document that was put up; null when none was.</summary>
    public string? Last { get; private set; }

    /// <summary>Why the list could not be read to its end; null when it could.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Documents put up.</summary>
    public long PutUp { get; private set; }

    /// <summary>True when the limit of the run left documents that would have been put up.</summary>
    public bool LeavesOthers { get; private set; }

    /// <summary>Puts up every shard of the list, as fast as the board takes them.</summary>
    /// <param name="board">Where.</param>
    /// <param name="stop">Ends the list early, without an exception.</param>
    public async Task RunAsync(ShardBoard board, CancellationToken stop)
    {
        try
        {
            await ListAsync(board, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What was put up stays.
        }
        catch (Exception exception)
        {
            Fault = exception;
        }
    }

    /// <summary>Every document to be done; null when the list was not counted to its end.</summary>
    public async Task<long?> TotalAsync() => counting is not null ? await counting : whole;

    /// <summary>Documents to be done, in the order of the list.</summary>
    /// <param name="countsAsListed">True when progress is to hear of them.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public IAsyncEnumerable<Pending> PendingAsync(bool countsAsListed, CancellationToken cancellationToken) => First is null
        ? PendingAsync(_ => true, countsAsListed, cancellationToken)
        : PendingAsync(document => !IsBefore(document), countsAsListed, cancellationToken).Concat(PendingAsync(IsBefore, countsAsListed, cancellationToken));

    private bool IsBefore(Document document) => string.CompareOrdinal(document.Id.Path, First) < 0;

    private async IAsyncEnumerable<Pending> PendingAsync(Func<Document, bool> part, bool countsAsListed, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var documents in source.ListAsync(cancellationToken).Where(part).Chunked(LookedUp, cancellationToken))
        {
            string[] paths = [.. documents.Select(document => document.Id.Path)];
            var known = await find(paths, cancellationToken);
            var containers = await findContainers(paths, cancellationToken);
            var pending = documents.Select(document => new Pending(document, known.GetValueOrDefault(document.Id.Path), containers.GetValueOrDefault(document.Id.Path))).Where(IsPending).ToArray();
            if (countsAsListed)
            {
                progress.Listed(documents.Count, documents.Count - pending.Length);
                foreach (var path in paths)
                    Gone?.Listed(path);
            }

            foreach (var document in pending)
                yield return document;
        }
    }

    private async Task ListAsync(ShardBoard board, CancellationToken stop)
    {
        var cutter = new ShardCutter(plan, board.IsShared, progress);
        var isWhole = false;
        await using var pending = PendingAsync(countsAsListed: true, stop).GetAsyncEnumerator(CancellationToken.None);
        while (PutUp + cutter.Waiting != plan.Limit)
        {
            isWhole = !await pending.MoveNextAsync();
            if (isWhole)
                break;
            if (cutter.Add(pending.Current) is not { } full)
                continue;
            // Where the first look-ahead is not the whole list, another look at it tells how much there is.
            counting ??= CountAsync(stop);
            await OfferAsync(board, full, stop);
        }

        if (isWhole && Gone is not null)
            await Gone.NoteAsync(stop);
        if (counting is null)
        {
            progress.Pending(cutter.Waiting);
            whole = plan.Limit is null ? cutter.Waiting : null;
        }

        foreach (var rest in cutter.Rest())
            await OfferAsync(board, rest, stop);
        // Whether there are others is asked while these are being done; how many they are would take the whole list.
        LeavesOthers = PutUp == plan.Limit && await pending.MoveNextAsync();
        await board.EndListAsync(stop);
    }

    private async Task OfferAsync(ShardBoard board, IReadOnlyList<Pending> documents, CancellationToken stop)
    {
        await board.OfferAsync(documents, stop);
        PutUp += documents.Count;
        Last = documents[^1].Document.Id.Path;
    }

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
