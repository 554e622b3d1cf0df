using System.Numerics.Tensors;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;

namespace BatchInference.Models.Passes;

/// <summary>Puts the windows of a document together: means of all its states, and of each sentence's.</summary>
internal static class EncoderSums
{
    /// <summary>The document with its vectors.</summary>
    /// <param name="split">The document and its windows.</param>
    /// <param name="predictions">Its <see cref="EncoderWindow"/>s, by index.</param>
    /// <param name="width">How many numbers a state has.</param>
    public static EncodedDocument Document(SplitText split, IReadOnlyList<ChunkPrediction> predictions, int width)
    {
        var vectors = new float[split.Sentences.Count][];
        var tokens = new int[vectors.Length];
        for (var sentence = 0; sentence < vectors.Length; sentence++)
            vectors[sentence] = new float[width];
        foreach (var chunk in split.Chunks)
        {
            var window = (EncoderWindow)predictions[chunk.Index];
            for (var span = 0; span < chunk.Sentences.Count; span++)
            {
                var (sentence, _, count) = chunk.Sentences[span];
                TensorPrimitives.Add(vectors[sentence], window.SentenceSum(span), vectors[sentence]);
                tokens[sentence] += count;
            }
        }

        for (var sentence = 0; sentence < vectors.Length; sentence++)
            if (tokens[sentence] > 0)
                TensorPrimitives.Divide(vectors[sentence], tokens[sentence], vectors[sentence]);
        return new EncodedDocument
        {
            Text = split.Text,
            Language = split.Language,
            Vector = Mean(predictions, width),
            Sentences = split.Sentences,
            SentencesBehind = split.SentencesBehind,
            SentenceVectors = vectors,
            SentenceTokens = tokens,
        };
    }

    /// <summary>Mean of all states of all windows.</summary>
    public static float[] Mean(IReadOnlyList<ChunkPrediction> predictions, int width)
    {
        // In double: a document may have millions of tokens.
        var sum = new double[width];
        var addend = new double[width];
        var tokens = 0L;
        foreach (var prediction in predictions)
        {
            var window = (EncoderWindow)prediction;
            TensorPrimitives.ConvertTruncating<float, double>(window.Sum, addend);
            TensorPrimitives.Add(sum, addend, sum);
            tokens += window.Tokens;
        }

        TensorPrimitives.Divide(sum, tokens, sum);
        var mean = new float[width];
        TensorPrimitives.ConvertTruncating<double, float>(sum, mean);
        return mean;
    }
}
