using System.Runtime.CompilerServices;
using BatchInference.Documents.Extraction;
using BatchInference.Models.Batching;
using BatchInference.Models.Passes;

namespace BatchInference.Pipeline;

/// <summary>Reads an evenly spread sample of what is to be done and takes some of it through the models, to tell what a run would cost.</summary>
internal sealed class Forecast(DocumentReader reader, Lazy<IReadOnlyList<ModelPass>> passes, TimeProvider time)
{
    // Enough for a mean that is right to a few tenths, little enough to be read in seconds.
    private const int LargestSample = 40, MeasuredBatches = 8;

    // Of a container so many documents are read; the forecast of an archive of larger ones is too low.
    private const int MostMembers = 200;

    public async Task<RunForecast> RunAsync(IAsyncEnumerable<Pending> pending, Func<long> listed, CancellationToken cancellationToken)
    {
        var sample = new List<Pending>();
        var estimate = new TokenEstimate();
        var (count, bytes, stride) = (0L, 0L, 1L);
        await foreach (var document in pending.WithCancellation(cancellationToken))
        {
            bytes += document.Document.Length ?? 0;
            estimate.Count(document.Document);
            if (count++ % stride != 0)
                continue;
            sample.Add(document);
            if (sample.Count < LargestSample)
                continue;
            // Every second one goes, and from now on every second one is not taken: what stays is evenly spread.
            sample = [.. sample.Where((_, index) => index % 2 == 0)];
            stride *= 2;
        }

        var shares = new List<IReadOnlyList<PassShare>>();
        var unreadable = 0;
        foreach (var document in sample)
        {
            var before = shares.Count;
            await foreach (var split in SplitAsync(document, cancellationToken))
                shares.Add(split);
            estimate.Sample(document.Document, shares.Skip(before).Sum(share => share[0].Split.ReadTokens));
            if (shares.Count == before)
                unreadable++;
        }

        var secondsPerToken = count == 0 ? 0 : passes.Value.Select((pass, index) => SecondsPerToken(pass, shares.Select(share => share[index]), cancellationToken)).Sum();
        return new RunForecast(listed(), count, bytes, sample.Count, unreadable, estimate.Tokens(), secondsPerToken > 0 ? 1 / secondsPerToken : 0);
    }

    private async IAsyncEnumerable<IReadOnlyList<PassShare>> SplitAsync(Pending document, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var reading in reader.ReadAsync(document.Document, isKnown: _ => false, cancellationToken).Take(MostMembers))
            if (reading is { Failure: null, Text: { } text } && Split(text) is { } shares)
                yield return shares;
    }

    // What the run will tell as a failed document is one that cannot be read, here.
    private IReadOnlyList<PassShare>? Split(ExtractedText text)
    {
        var loaded = passes.Value;
        try
        {
            return [.. loaded.Select(pass => new PassShare(pass, pass.Split(text.Text, text.Language)))];
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return null;
        }
    }

    private double SecondsPerToken(ModelPass pass, IEnumerable<PassShare> shares, CancellationToken cancellationToken)
    {
        var batcher = new TokenBatcher<PassShare>(pass.Budget, pass.Budget.PaddedTokens);
        foreach (var share in shares)
            foreach (var chunk in share.Split.Chunks)
                batcher.Add(share, chunk);
        var (seconds, tokens) = (0.0, 0L);
        for (var batches = 0; batches <= MeasuredBatches && batcher.TryTake(flush: true, out _, out var batch); batches++)
        {
            var began = time.GetTimestamp();
            pass.Infer(batch, cancellationToken);
            // The first one warms up, unless it is the only one.
            if (batches == 1)
                (seconds, tokens) = (0, 0);
            seconds += time.GetElapsedTime(began).TotalSeconds;
            tokens += batch.Rows.Sum(row => (long)row.TextTokens);
        }

        return tokens == 0 ? 0 : seconds / tokens;
    }
}
