using BatchInference.Documents.Extraction;
using System.Threading.Channels;
using BatchInference.Models.Batching;
using BatchInference.Models.Passes;
using BatchInference.Models.Tokens;
using BatchInference.Pipeline.Suspects;
using Microsoft.Extensions.Logging;
using Polly;

namespace BatchInference.Pipeline;

/// <summary>The one owner of the models: takes windows of many documents in batches, brings every document home: DocumentInHand → DocumentInHand with predictions.</summary>
/// <param name="run">The run.</param>
/// <param name="gate">Where documents leave when inference has done with them.</param>
/// <param name="progress">Counts tokens.</param>
/// <param name="time">Times batches.</param>
/// <param name="logger">Hears of failures.</param>
internal sealed class InferenceLoop(RunId run, TokenGate gate, RunProgress progress, TimeProvider time, ILogger logger)
{
    /// <summary>After so many documents in a row that fail, and none that succeeds, it is the model that is broken.</summary>
    public const int FailuresInARow = 20;

    private readonly Dictionary<ModelPass, Queue> queues = [];
    private readonly List<DocumentInHand> finished = [];

    /// <summary>Told what is being inferred; null to tell nobody.</summary>
    public InHand? InHand { get; init; }

    /// <summary>How a model that answered in this run, and answers no more, is asked again: until it answers, or this gives up.</summary>
    public ResiliencePipeline ModelPipeline { get; init; } = ResiliencePipeline.Empty;

    /// <summary>Infers until nothing more comes.</summary>
    /// <exception cref="ModelBrokenException">The model fails for every document.</exception>
    public async Task RunAsync(ChannelReader<DocumentInHand> input, ChannelWriter<DocumentInHand> output, CancellationToken cancellationToken)
    {
        while (true)
        {
            // All that is there joins the look-ahead; the gate bounds it. A batch is then cut at once: waiting for more would only leave the model idle.
            while (input.TryRead(out var document))
                Take(document);
            if (queues.Values.MaxBy(queue => queue.Batcher.Tokens) is { Batcher.Count: > 0 } fullest)
                InferNext(fullest, cancellationToken);

            foreach (var document in finished)
            {
                gate.Leave(document.Tokens);
                await output.WriteAsync(document, cancellationToken);
            }

            finished.Clear();
            foreach (var silent in queues.Values.Where(queue => queue.Silence is not null))
                await AskAgainAsync(silent, cancellationToken);
            if (queues.Values.All(queue => queue.Batcher.Count == 0) && !await input.WaitToReadAsync(cancellationToken))
                return;
        }
    }

    private void Take(DocumentInHand document)
    {
        if (document.OpenPasses == 0)
            finished.Add(document);
        foreach (var share in document.Shares)
        {
            foreach (var chunk in share.Split.Chunks)
                QueueOf(share.Pass).Batcher.Add((document, share), chunk);
            if (share.Missing == 0)
                FinishRound(document, share);
        }
    }

    private void InferNext(Queue queue, CancellationToken cancellationToken)
    {
        if (!queue.Batcher.TryTake(flush: true, out var items, out var batch))
            return;

        // Windows of documents that failed meanwhile are not worth the time.
        int[] wanted = [.. Enumerable.Range(0, items.Count).Where(index => items[index].Document.Failure is null)];
        if (wanted.Length == 0)
            return;
        progress.Began();
        using var held = InHand?.Take([.. wanted.Select(index => items[index].Document).Distinct()]);
        Infer(queue, [.. wanted.Select(index => items[index])], [.. wanted.Select(index => batch.Rows[index])], cancellationToken);
    }

    // A batch that fails is halved until the guilty window stands alone.
    private void Infer(Queue queue, Item[] items, TokenChunk[] chunks, CancellationToken cancellationToken)
    {
        if (queue.Silence is not null)
        {
            // Asked again when the model answers.
            for (var index = 0; index < items.Length; index++)
                if (items[index].Document.Failure is null)
                    queue.Batcher.Add(items[index], chunks[index]);
        }
        else if (TryInfer(queue.Pass, chunks, cancellationToken, out var failure) is { } predictions)
        {
            queue.FailuresInARow = 0;
            queue.Proven = chunks[0];
            progress.Inferred(chunks.Sum(chunk => (long)chunk.TextTokens));
            for (var index = 0; index < items.Length; index++)
                Add(items[index], chunks[index], predictions[index]);
        }
        else if (chunks.Length > 1)
        {
            var half = chunks.Length / 2;
            Infer(queue, items[..half], chunks[..half], cancellationToken);
            Infer(queue, items[half..], chunks[half..], cancellationToken);
        }
        else if (items[0].Document.Failure is null)
        {
            Fail(queue, items[0].Document, failure!, cancellationToken);
        }
    }

    // A document is guilty when the model, asked a window that it answered before, answers it again. Else it may be the model, and the document is tried again later.
    private void Fail(Queue queue, DocumentInHand document, Exception exception, CancellationToken cancellationToken)
    {
        var guilty = queue.Proven is { } proven && TryInfer(queue.Pass, [proven], cancellationToken, out _) is not null;
        // Documents are counted once, not again when they are tried again; but where the model was asked what it answered before, each failure tells of the model.
        queue.FailuresInARow = guilty ? 0 : document.Pending.Attempt > 0 && queue.Proven is null ? queue.FailuresInARow : queue.FailuresInARow + 1;
        logger.InferenceFailed(exception, run, document.Shard.Number, document.Path, queue.Pass.Model, guilty);
        Finish(document, Failures.Of("infer", exception, permanent: guilty));
        if (queue.FailuresInARow < FailuresInARow)
            return;
        if (queue.Proven is null)
            throw new ModelBrokenException(queue.Pass.Model, hasAnswered: false, exception);
        queue.Silence = exception;
    }

    // The breaker of a model: open from the last failure until it answers again what it answered before. Documents wait meanwhile; those that failed are tried again as any temporary failure.
    private async Task AskAgainAsync(Queue queue, CancellationToken cancellationToken)
    {
        var model = queue.Pass.Model;
        var began = time.GetTimestamp();
        Telemetry.ModelSilent(model);
        logger.ModelSilent(queue.Silence!, model, FailuresInARow);
        try
        {
            await ModelPipeline.ExecuteAsync(
                token => TryInfer(queue.Pass, [queue.Proven!], token, out var failure) is not null ? ValueTask.CompletedTask : throw new ModelBrokenException(model, hasAnswered: true, failure!), cancellationToken);
        }
        finally
        {
            Telemetry.ModelAsked(model);
        }

        (queue.Silence, queue.FailuresInARow) = (null, 0);
        Telemetry.ModelAnswers(model, time.GetElapsedTime(began));
        logger.ModelAnswers(model);
    }

    private IReadOnlyList<ChunkPrediction>? TryInfer(ModelPass pass, TokenChunk[] chunks, CancellationToken cancellationToken, out Exception? failure)
    {
        failure = null;
        var batch = new TokenBatch(chunks);
        var began = time.GetTimestamp();
        try
        {
            var predictions = pass.Infer(batch, cancellationToken);
            if (predictions.Count != chunks.Length)
                throw new InvalidOperationException($"{pass.Model} gave {predictions.Count} predictions for {chunks.Length} rows.");
            Telemetry.Inferred(pass.Model, batch, time.GetElapsedTime(began));
            return predictions;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        {
            failure = exception;
            return null;
        }
    }

    private void Add(Item item, TokenChunk chunk, ChunkPrediction prediction)
    {
        item.Share.Predictions[chunk.Index] = prediction;
        if (--item.Share.Missing == 0 && item.Document.Failure is null)
            FinishRound(item.Document, item.Share);
    }

    private void FinishRound(DocumentInHand document, PassShare share)
    {
        IReadOnlyList<TokenChunk> next;
        try
        {
            next = share.Predictions.Count == 0 ? [] : share.Pass.NextRound(share.Split, share.Whole());
        }
        catch (Exception exception)
        {
            Finish(document, Failures.Of("infer", exception));
            return;
        }

        share.Missing = next.Count;
        foreach (var chunk in next)
        {
            share.Predictions.Add(null);
            QueueOf(share.Pass).Batcher.Add((document, share), chunk);
        }

        if (next.Count == 0 && --document.OpenPasses == 0 && document.Failure is null)
            finished.Add(document);
    }

    private void Finish(DocumentInHand document, DocumentFailure failure)
    {
        document.Failure = failure;
        finished.Add(document);
    }

    private Queue QueueOf(ModelPass pass)
    {
        if (!queues.TryGetValue(pass, out var queue))
            queues[pass] = queue = new Queue(pass);
        return queue;
    }

    private readonly record struct Item(DocumentInHand Document, PassShare Share)
    {
        public static implicit operator Item((DocumentInHand Document, PassShare Share) pair) => new(pair.Document, pair.Share);
    }

    private sealed class Queue(ModelPass pass)
    {
        public ModelPass Pass { get; } = pass;

        public TokenBatcher<Item> Batcher { get; } = new(pass.Budget, pass.Budget.PaddedTokens);

        /// <summary>A window that the model has answered.</summary>
        public TokenChunk? Proven { get; set; }

        /// <summary>Documents in a row that failed without guilt.</summary>
        public int FailuresInARow { get; set; }

        /// <summary>Why the model is asked nothing but what it answered before; null while it answers.</summary>
        public Exception? Silence { get; set; }
    }
}

/// <summary>A model fails for whatever it is asked, so the run cannot go on.</summary>
public sealed class ModelBrokenException(string model, bool hasAnswered, Exception inner) : Exception(
    $"The model {model} failed for {InferenceLoop.FailuresInARow} documents in a row, so it is not the documents: {inner.Message.ReplaceLineEndings(" ")} " +
    "Check the model with 'models verify' and 'doctor'; the documents are tried again by the next run.", inner)
{
    /// <summary>The model.</summary>
    public string Model { get; } = model;

    /// <summary>True when it answered before in this run, so that it may answer again.</summary>
    public bool HasAnswered { get; } = hasAnswered;
}
