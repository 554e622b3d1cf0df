using BatchInference.Models.Batching;

namespace BatchInference.Models.Passes;

/// <summary>Embeds texts in batches with nothing around it: for training and for measuring, where there is no pipeline.</summary>
internal sealed class EncoderEmbedding(EncoderPass pass, int lookAhead)
{
    private readonly List<float[]> vectors = [];
    private readonly TokenBatcher<Pending> batcher = new(pass.Budget, lookAhead);

    public IReadOnlyList<float[]> Of(IEnumerable<string> texts, CancellationToken cancellationToken)
    {
        foreach (var text in texts)
        {
            var chunks = pass.Split(text, language: null, withSentences: false).Chunks;
            var pending = new Pending(vectors.Count, new ChunkPrediction[chunks.Count]);
            vectors.Add([]);
            foreach (var chunk in chunks)
            {
                batcher.Add(pending, chunk);
                Infer(flush: false, cancellationToken);
            }
        }

        Infer(flush: true, cancellationToken);
        return vectors;
    }

    private void Infer(bool flush, CancellationToken cancellationToken)
    {
        while (batcher.TryTake(flush, out var items, out var batch))
        {
            var predictions = pass.Infer(batch, cancellationToken);
            for (var row = 0; row < items.Count; row++)
            {
                var pending = items[row];
                pending.Windows[batch.Rows[row].Index] = predictions[row];
                if (++pending.Done == pending.Windows.Length)
                    vectors[pending.Index] = pass.Vector(pending.Windows);
            }
        }
    }

    private sealed class Pending(int index, ChunkPrediction[] windows)
    {
        public int Index { get; } = index;

        public ChunkPrediction[] Windows { get; } = windows;

        public int Done { get; set; }
    }
}
