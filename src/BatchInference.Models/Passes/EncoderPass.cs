using System.Security.Cryptography;
using System.Text;
using BatchInference.Models.Batching;
using BatchInference.Models.Onnx;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;
using BatchInference.Models.Tokens.Sentences;

namespace BatchInference.Models.Passes;

/// <summary>A sentence encoder with its tasks: one forward pass of a window gives the document vector its share and each sentence its vector.</summary>
/// <remarks>
/// Memory is bounded by <see cref="MostSentences"/>: a document of ten million characters costs its tokens and a few sums a window; only its first sentences have vectors.
/// </remarks>
public sealed class EncoderPass : ModelPass
{
    /// <summary>How many sentences of a document have vectors, from its first: some 800 pages. What follows is read for the document vector only.</summary>
    public const int MostSentences = 16_384;

    // Names the way in which texts become windows and windows become vectors: another one gives other answers.
    private const string Method = "encoder/2";

    // On two cores batches of a thousand padded tokens are the fastest, larger ones slower (benchmark `batches`); a device wants more at once.
    private const int PaddedTokensOnCpu = 1024;
    private const int PaddedTokensOnDevice = 16_384;
    private const int MostRows = 256;

    private readonly EncoderModel encoder;
    private readonly EncoderTokens tokens;
    private readonly IReadOnlyList<EncoderTask> tasks;
    private readonly bool needsSentences;

    private EncoderPass(ModelFolder folder, string variant, EncoderModel encoder, EncoderTokens tokens, IReadOnlyList<EncoderTask> tasks, OnnxOptions options)
    {
        this.encoder = encoder;
        this.tokens = tokens;
        this.tasks = tasks;
        needsSentences = tasks.Any(task => task.NeedsSentences);
        Model = $"{folder.Name}/{variant}";
        Tasks = [.. tasks.Select(task => task.Name)];
        Budget = new TokenBudget(options.PaddedTokens ?? (options.Provider == ExecutionProvider.Cpu ? PaddedTokensOnCpu : PaddedTokensOnDevice), MostRows);
        Fingerprint = FingerprintOf(folder, variant, options.Provider, tasks);
    }

    /// <inheritdoc/>
    public override string Model { get; }

    /// <inheritdoc/>
    public override string Fingerprint { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Tasks { get; }

    /// <inheritdoc/>
    public override TokenBudget Budget { get; }

    /// <summary>The variant that suits a provider: <c>int8</c> for the processor, <c>q4</c> for devices, which have no kernel for the other.</summary>
    public static string VariantFor(ExecutionProvider provider) => provider == ExecutionProvider.Cpu ? "int8" : "q4";

    /// <summary>The <see cref="Fingerprint"/> that the pass will have, without opening the model: a night without work costs no loading.</summary>
    public static string FingerprintOf(ModelFolder folder, string variant, ExecutionProvider provider, IReadOnlyList<EncoderTask> tasks)
    {
        var answers = string.Join('\n', [Method, folder.Fingerprint, variant, ExecutionProviders.NameOf(provider), .. tasks.Select(task => $"{task.Name} {task.Fingerprint}"), .. OnnxGraphFile.Read(EncoderSettings.GraphOf(folder, variant)).MindsCompany ? ["alone"] : Array.Empty<string>()]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(answers)));
    }

    /// <summary>Opens the model.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="variant">Which of its graphs: <c>int8</c>, <c>q4</c> …</param>
    /// <param name="tasks">The tasks it serves, which it owns from now on; may be empty when only <see cref="Embed"/> is wanted.</param>
    /// <param name="options">Where and how it runs.</param>
    /// <exception cref="ModelException">A file is missing or unfit, or the provider does not work.</exception>
    public static EncoderPass Load(ModelFolder folder, string variant, IReadOnlyList<EncoderTask> tasks, OnnxOptions options)
    {
        var settings = EncoderSettings.Read(folder);
        var graph = EncoderSettings.GraphOf(folder, variant);
        var tokens = EncoderTokens.Load(folder, settings);
        var encoder = EncoderModel.Load(graph, settings.Width, settings.Vocabulary, settings.Padding, options);
        return new EncoderPass(folder, variant, encoder, tokens, tasks, options);
    }

    /// <summary>The vectors of texts (as <see cref="EncodedDocument.Vector"/>), in their order, inferred in batches.</summary>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public IReadOnlyList<float[]> Embed(IEnumerable<string> texts, CancellationToken cancellationToken) => new EncoderEmbedding(this, LookAhead).Of(texts, cancellationToken);

    /// <inheritdoc/>
    public override SplitText Split(string text, string? language) => Split(text, language, needsSentences);

    /// <inheritdoc/>
    public override IReadOnlyList<ChunkPrediction> Infer(TokenBatch batch, CancellationToken cancellationToken)
    {
        var windows = new ChunkPrediction[batch.Rows.Count];
        encoder.Run(batch, (row, states) => windows[row] = EncoderWindow.Of(batch.Rows[row], states, encoder.Width), cancellationToken);
        return windows;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Prediction> Assemble(SplitText split, IReadOnlyList<ChunkPrediction> predictions)
    {
        var document = EncoderSums.Document(split, predictions, encoder.Width);
        return [.. tasks.Select(task => task.Predict(document, Model))];
    }

    internal SplitText Split(string text, string? language, bool withSentences)
    {
        var sentences = SentenceSplitter.Split(text);
        var (chunks, total) = tokens.Cut(text, sentences, withSentences ? MostSentences : 0);
        return new SplitText
        {
            Text = text,
            Language = language,
            Sentences = withSentences ? [.. sentences.Take(MostSentences)] : [],
            SentencesBehind = withSentences ? Math.Max(0, sentences.Count - MostSentences) : 0,
            Chunks = chunks,
            TotalTokens = total,
            ReadTokens = total,
        };
    }

    internal float[] Vector(IReadOnlyList<ChunkPrediction> predictions) => EncoderSums.Mean(predictions, encoder.Width);

    // Enough batches' worth of rows that those of like length meet.
    private int LookAhead => 16 * Budget.PaddedTokens;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            encoder.Dispose();
            foreach (var task in tasks.OfType<IDisposable>())
                task.Dispose();
        }

        base.Dispose(disposing);
    }
}
