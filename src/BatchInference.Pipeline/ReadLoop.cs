using BatchInference.Documents.Extraction;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using BatchInference.Models.Passes;

namespace BatchInference.Pipeline;

/// <summary>Opens, extracts and splits several documents at once: Document → DocumentInHand.</summary>
/// <param name="reader">Reads a document.</param>
/// <param name="passes">The models, loaded when the first document needs them.</param>
/// <param name="policy">Tells a touched document from a changed one.</param>
/// <param name="readers">How many at once.</param>
/// <param name="gate">Bounds the tokens that wait for inference.</param>
internal sealed class ReadLoop(DocumentReader reader, Lazy<IReadOnlyList<ModelPass>> passes, SettlementPolicy policy, int readers, TokenGate gate)
{
    /// <summary>Reads every document of the shards, in any order.</summary>
    /// <param name="shards">Where they come from; is asked for more only when a reader is free.</param>
    /// <param name="output">Where they go.</param>
    /// <param name="softStop">Lets no further document in.</param>
    /// <param name="cancellationToken">Lets go of everything.</param>
    public Task RunAsync(IAsyncEnumerable<Shard> shards, ChannelWriter<DocumentInHand> output, CancellationToken softStop, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            Until(() => softStop.IsCancellationRequested, shards),
            new ParallelOptions { MaxDegreeOfParallelism = readers, CancellationToken = cancellationToken },
            async (next, token) =>
            {
                var document = await ReadAsync(next.Shard, next.Pending, token);
                await gate.EnterAsync(document.Tokens, token);
                await output.WriteAsync(document, token);
            });

    // The stop is a condition here, not a cancellation: what was handed out is read to its end.
    // The cancellation is that of the loop: a reader that throws must also wake a feed that waits for a slot, or the loop would wait for the feed for ever.
    private static async IAsyncEnumerable<(Shard Shard, Pending Pending)> Until(
        Func<bool> stopped, IAsyncEnumerable<Shard> shards, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var shard in shards.WithCancellation(cancellationToken))
            foreach (var pending in shard.Documents)
            {
                if (stopped())
                    yield break;
                yield return (shard, pending);
            }
    }

    private async Task<DocumentInHand> ReadAsync(Shard shard, Pending pending, CancellationToken cancellationToken)
    {
        DocumentReading reading;
        try
        {
            reading = await reader.ReadAsync(pending.Document, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        {
            return new DocumentInHand(shard, pending, new DocumentReading { Failure = Failures.Of("extract", exception) });
        }

        if (policy.IsUnchanged(reading.Sha256, pending.Settled))
            return new DocumentInHand(shard, pending, reading) { Unchanged = true };
        if (reading.Text is not { } text || reading.Failure is not null)
            return new DocumentInHand(shard, pending, reading);

        // Models that cannot be loaded end the run; they are no document's failure.
        var models = passes.Value;
        try
        {
            PassShare[] shares = [.. models.Select(pass => new PassShare(pass, pass.Split(text.Text, text.Language)))];
            return new DocumentInHand(shard, pending, reading) { Shares = shares, OpenPasses = shares.Length };
        }
        catch (Exception exception)
        {
            return new DocumentInHand(shard, pending, reading) { Failure = Failures.Of("split", exception) };
        }
    }
}
