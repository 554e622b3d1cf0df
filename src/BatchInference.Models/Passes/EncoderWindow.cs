using System.Numerics.Tensors;
using BatchInference.Models.Tokens;

namespace BatchInference.Models.Passes;

/// <summary>What a sentence encoder says of one window: sums of states, so that windows add up to means of a document and of a sentence that was cut.</summary>
internal sealed class EncoderWindow : ChunkPrediction
{
    private readonly float[] sum;
    private readonly float[] sentences;

    private EncoderWindow(float[] sum, float[] sentences, int tokens)
    {
        this.sum = sum;
        this.sentences = sentences;
        Tokens = tokens;
    }

    /// <summary>How many states <see cref="Sum"/> adds up: all of the window, special tokens and prefix included.</summary>
    public int Tokens { get; }

    /// <summary>Sum of the states of all tokens.</summary>
    public ReadOnlySpan<float> Sum => sum;

    /// <summary>Sum of the states of one of the window's <see cref="TokenChunk.Sentences"/>, by its position there.</summary>
    public ReadOnlySpan<float> SentenceSum(int span) => sentences.AsSpan(span * sum.Length, sum.Length);

    /// <summary>Adds up the states of a window.</summary>
    /// <param name="chunk">The window.</param>
    /// <param name="states">Its states, one after the other.</param>
    /// <param name="width">How many numbers a state has.</param>
    /// <exception cref="InvalidDataException">The model gave something that is not a number.</exception>
    public static EncoderWindow Of(TokenChunk chunk, ReadOnlySpan<float> states, int width)
    {
        var sum = new float[width];
        Add(states, sum);
        if (!float.IsFinite(TensorPrimitives.Sum<float>(sum)))
            throw new InvalidDataException("The model gave states that are not finite numbers.");
        var sentences = new float[chunk.Sentences.Count * width];
        for (var span = 0; span < chunk.Sentences.Count; span++)
        {
            var (_, first, count) = chunk.Sentences[span];
            Add(states.Slice(first * width, count * width), sentences.AsSpan(span * width, width));
        }

        return new EncoderWindow(sum, sentences, chunk.Ids.Length);
    }

    private static void Add(ReadOnlySpan<float> states, Span<float> sum)
    {
        for (; !states.IsEmpty; states = states[sum.Length..])
            TensorPrimitives.Add(sum, states[..sum.Length], sum);
    }
}
