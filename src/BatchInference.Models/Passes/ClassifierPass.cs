using BatchInference.Models.Batching;
using BatchInference.Models.Onnx;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;
using BatchInference.Models.Tokens.Sentences;

namespace BatchInference.Models.Passes;

/// <summary>
/// A classification model with its tasks. Each window of a document is asked every question of the tasks: the model's own (which of its labels?), or whether a hypothesis follows
/// from it. Windows are the same for all questions, and one question is asked a round, so that a document of any length costs the memory of its windows once.
/// </summary>
public sealed class ClassifierPass : ModelPass
{
    // Names the way in which texts become windows and windows become logits: another one gives other answers.
    private const string Method = "classifier/1";

    // Attention grows with the square of the window, and classifiers are trained on short texts.
    private const int LongestWindow = 1024;
    private const int ShortestWindow = 8;
    private const int PaddedTokensOnCpu = 1024;
    private const int PaddedTokensOnDevice = 16_384;
    private const int MostRows = 256;

    private readonly ModelUse use;
    private readonly SequenceClassifierModel graph;
    private readonly IReadOnlyList<ClassifierTask> tasks;
    private readonly WindowFrame[] frames;
    private readonly Chunker chunker;

    private ClassifierPass(ModelUse use, IReadOnlyList<ClassifierTask> tasks, SequenceClassifierModel graph)
    {
        this.use = use;
        this.tasks = tasks;
        this.graph = graph;
        frames = FramesOf(use, tasks);
        var longest = frames.MaxBy(frame => frame.Length)!;
        chunker = new Chunker(longest.Head, longest.Tail, WindowOf(use));
        Fingerprint = FingerprintOf(use, tasks);
        Tasks = [.. tasks.Select(task => task.Name)];
        Budget = new TokenBudget(use.Options.PaddedTokens ?? (use.Options.Provider == ExecutionProvider.Cpu ? PaddedTokensOnCpu : PaddedTokensOnDevice), MostRows);
    }

    /// <inheritdoc/>
    public override string Model => use.Name;

    /// <inheritdoc/>
    public override string Fingerprint { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Tasks { get; }

    /// <inheritdoc/>
    public override TokenBudget Budget { get; }

    /// <summary>Whether texts that look like control tokens are these tokens, as the reference has it: for checking a model, never for a document.</summary>
    public bool RecognizesSpecialTokens { get; init; }

    /// <summary>The <see cref="Fingerprint"/> that the pass will have, without loading the graph.</summary>
    public static string FingerprintOf(ModelUse use, IReadOnlyList<ClassifierTask> tasks) => use.FingerprintWith([Method, .. tasks.SelectMany(task => new[] { task.Name, task.Fingerprint })]);

    /// <summary>Judges at the door what tasks ask of a model; reads its tokenizer, not its graph.</summary>
    /// <exception cref="ModelException">The model's context has no room for a text beside the longest hypothesis, or its tokenizer cannot be used.</exception>
    public static void Check(ModelUse use, IReadOnlyList<ClassifierTask> tasks)
    {
        var longest = FramesOf(use, tasks).Max(frame => frame.Length);
        if (WindowOf(use) - longest < ShortestWindow)
            throw new ModelException($"{use.Folder.Path}: expected room for a text beside the longest label in {use.Description.Context} tokens, found {longest} taken. Use shorter labels or a shorter template.");
    }

    /// <summary>Loads the graph.</summary>
    /// <param name="use">The model.</param>
    /// <param name="tasks">The tasks, at least one.</param>
    /// <param name="sessions">Owns the graph.</param>
    /// <param name="recognizeSpecialTokens">As <see cref="RecognizesSpecialTokens"/>.</param>
    /// <exception cref="ModelException">The graph cannot be loaded.</exception>
    public static ClassifierPass Load(ModelUse use, IReadOnlyList<ClassifierTask> tasks, ModelSessions sessions, bool recognizeSpecialTokens = false)
    {
        Check(use, tasks);
        return new ClassifierPass(use, tasks, sessions.Classifier(use)) { RecognizesSpecialTokens = recognizeSpecialTokens };
    }

    /// <inheritdoc/>
    public override SplitText Split(string text, string? language)
    {
        var tokens = new TokenBuffer();
        use.Tokenizer.Encode(text, tokens, RecognizesSpecialTokens);
        var windows = chunker.Cut(text, tokens.Ids, tokens.Offsets, SentenceSplitter.Split(text), 0);
        return new SplitText { Text = text, Language = language, Chunks = Ask(windows, 0, chunker.HeadLength), TotalTokens = tokens.Count, ReadTokens = tokens.Count };
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ChunkPrediction> Infer(TokenBatch batch, CancellationToken cancellationToken)
    {
        var logits = graph.Run([.. batch.Rows.Select(row => (row.Ids, row.TypeIds))], cancellationToken);
        return [.. logits.Select((row, index) => new WindowLogits(row, batch.Rows[index].TextTokens))];
    }

    /// <summary>The logits of one row as it is.</summary>
    /// <exception cref="ModelException">The row is longer than what the model reads.</exception>
    /// <exception cref="OperationCanceledException">The token asked to stop.</exception>
    public IReadOnlyList<float> Logits(TokenizedText row, CancellationToken cancellationToken) => row.Ids.Length <= use.Description.Context
        ? graph.Run([(row.Ids, row.TypeIds)], cancellationToken)[0]
        : throw new ModelException($"Expected at most {use.Description.Context} tokens, found {row.Ids.Length}. Shorten one of the two texts.");

    /// <inheritdoc/>
    public override IReadOnlyList<TokenChunk> NextRound(SplitText split, IReadOnlyList<ChunkPrediction> predictions)
    {
        var question = predictions.Count / split.Chunks.Count;
        return question < frames.Length ? Ask(split.Chunks, question, frames[0].Head.Length) : [];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Prediction> Assemble(SplitText split, IReadOnlyList<ChunkPrediction> predictions)
    {
        var windows = split.Chunks.Count;
        float[][] answers = [.. Enumerable.Range(0, frames.Length).Select(question =>
            LabelScores.Mean([.. predictions.Skip(question * windows).Take(windows).Cast<WindowLogits>().Select(window => (window.Logits, window.Tokens))]))];
        var method = windows > 1 ? $"mean of {windows} windows" : null;
        var (made, from) = (new List<Prediction>(tasks.Count), 0);
        foreach (var task in tasks)
        {
            made.Add(task.Predict(answers[from..(from + task.Hypotheses.Count)], use.Name, method));
            from += task.Hypotheses.Count;
        }

        return made;
    }

    private static int WindowOf(ModelUse use) => Math.Min(use.Description.Context, LongestWindow);

    private static WindowFrame[] FramesOf(ModelUse use, IReadOnlyList<ClassifierTask> tasks) => [.. tasks.SelectMany(task => task.Hypotheses).Select(hypothesis => WindowFrame.Of(use.Tokenizer, hypothesis))];

    private TokenChunk[] Ask(IReadOnlyList<TokenChunk> windows, int question, int head) =>
        [.. windows.Select((window, index) => frames[question].Around(window, window.Ids.AsSpan(head, window.TextTokens), question * windows.Count + index, question))];
}
