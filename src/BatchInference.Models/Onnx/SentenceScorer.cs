using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BatchInference.Models.Onnx;

/// <summary>
/// The graph that scores the sentences of a document for a summary: <c>sentence_embeddings</c> (float, sentences × width), <c>token_counts</c> (int64, sentences) to <c>scores</c> (float, sentences).
/// </summary>
/// <remarks>It is small, so it always runs on the processor, on one thread; several threads may score at once.</remarks>
internal sealed class SentenceScorer : IDisposable
{
    private const string Embeddings = "sentence_embeddings";
    private const string Counts = "token_counts";
    private const string Scores = "scores";

    private readonly OnnxModel model;

    private SentenceScorer(OnnxModel model) => this.model = model;

    /// <summary>Loads the graph and verifies its inputs and output.</summary>
    /// <exception cref="ModelException">It cannot be loaded, or is not a scorer.</exception>
    public static SentenceScorer Load(string path)
    {
        var model = OnnxModel.Load(path, new OnnxOptions { Threads = 1 });
        try
        {
            model.RequireInput(Embeddings, TensorElementType.Float, -1, -1);
            model.RequireInput(Counts, TensorElementType.Int64, -1);
            model.RequireOnlyInputs(Embeddings, Counts);
            model.RequireOutput(Scores, TensorElementType.Float, -1);
            return new SentenceScorer(model);
        }
        catch (ModelException)
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Scores all sentences of a document at once, in text order; the higher, the better.</summary>
    /// <param name="vectors">Mean states of the sentences, not normalised.</param>
    /// <param name="tokens">How many tokens each has; at least one.</param>
    public float[] Score(IReadOnlyList<float[]> vectors, IReadOnlyList<int> tokens)
    {
        var (count, width) = (vectors.Count, vectors[0].Length);
        var embeddings = new float[count * width];
        var counts = new long[count];
        for (var sentence = 0; sentence < count; sentence++)
        {
            vectors[sentence].CopyTo(embeddings.AsSpan(sentence * width));
            counts[sentence] = tokens[sentence];
        }

        using var first = OrtValue.CreateTensorValueFromMemory(embeddings, [count, width]);
        using var second = OrtValue.CreateTensorValueFromMemory(counts, [count]);
        using var results = model.Run([Embeddings, Counts], [first, second], [Scores], CancellationToken.None);
        var scores = results[0].GetTensorDataAsSpan<float>();
        return scores.Length == count ? scores.ToArray() : throw new InvalidDataException($"The sentence scorer gave {scores.Length} scores for {count} sentences.");
    }

    public void Dispose() => model.Dispose();
}
