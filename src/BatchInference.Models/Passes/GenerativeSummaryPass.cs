using BatchInference.Models.Batching;
using BatchInference.Models.Chat;
using BatchInference.Models.Generation;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;

namespace BatchInference.Models.Passes;

/// <summary>
/// Summaries in a model's own words. A document that fits into the model's context is read at once; a longer one window by window, then the summaries of the windows together, as
/// often as it takes until they fit.
/// </summary>
public sealed class GenerativeSummaryPass : PromptedPass
{
    private readonly GenerativeSummaryTask task;
    private readonly GenerationLoop loop;
    private readonly StopStrings stops;

    /// <param name="task">The task, judged already.</param>
    /// <param name="sessions">Owns the graph.</param>
    /// <exception cref="Onnx.ModelException">The graph cannot be loaded.</exception>
    public GenerativeSummaryPass(GenerativeSummaryTask task, ModelSessions sessions)
        : base(task, sessions)
    {
        this.task = task;
        loop = new GenerationLoop(Graph, task.Settings);
        stops = new StopStrings(task.Settings.StopStrings, task.Model.Tokenizer);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ChunkPrediction> Infer(TokenBatch batch, CancellationToken cancellationToken)
    {
        var written = loop.Generate([.. batch.Rows.Select(row => new GenerationRow(row.Ids))], stops.Check, cancellationToken);
        return [.. written.Select((sequences, index) => Window(batch.Rows[index].Round, sequences[0]))];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<TokenChunk> NextRound(SplitText split, IReadOnlyList<ChunkPrediction> predictions)
    {
        var round = ((WrittenWindow)predictions[^1]).Round;
        WrittenWindow[] last = [.. predictions.Cast<WrittenWindow>().Where(window => window.Round == round)];
        if (last.Length == 1)
            return [];
        // At least two of them fit into a window, so that each round has at most half as many.
        var (windows, _) = Cut(string.Join("\n\n", last.Select(window => Shortened(window.Text).Text)));
        // A tokenizer that makes more of a text than it was cut to would go on for ever.
        if (windows.Count >= last.Length)
            throw new InvalidDataException($"The summaries of {last.Length} windows need {windows.Count} windows themselves: the tokenizer makes more tokens of a text than it was cut to.");
        return [.. windows.Select((window, index) => new TokenChunk { Index = predictions.Count + index, Round = round + 1, Ids = window.Ids, Range = default, TextTokens = window.TextTokens })];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Prediction> Assemble(SplitText split, IReadOnlyList<ChunkPrediction> predictions)
    {
        WrittenWindow[] windows = [.. predictions.Cast<WrittenWindow>()];
        var last = windows[^1];
        var answer = task.Limit.Cut(last.Text);
        if (answer.Length == 0)
            return [new FailedPrediction(task.Name, Model, Silence(last), Permanent: true) { Reasoning = last.Reasoning }];
        return [new SummaryPrediction(task.Name, Model, answer, []) { Reasoning = last.Reasoning, Method = MethodOf(split, windows, answer.Length < last.Text.Length) }];
    }

    private WrittenWindow Window(int round, GeneratedSequence written)
    {
        var answer = ThinkingAnswer.Of(written.Ids, task.Model.Tokenizer, task.Prompt.OpensThought);
        return new WrittenWindow(round, answer.Text, answer.Reasoning, written.Ended);
    }

    // Half a window, less a token for the blank lines between.
    private (string Text, bool Cut) Shortened(string text)
    {
        var tokens = new TokenBuffer();
        task.Model.Tokenizer.Encode(text, tokens);
        var most = task.Room / 2 - 2;
        return tokens.Count <= most ? (text, false) : (text[..tokens.Offsets[most].Start].TrimEnd(), true);
    }

    private string Silence(WrittenWindow last) => (last.Reasoning, last.Ended) switch
    {
        (not null, false) => $"The model thought for {task.NewTokens} tokens and came to no answer. Give it more by `maxNewTokens`, or switch `thinking` off.",
        (not null, true) => "The model thought, but gave no answer.",
        _ => "The model wrote nothing.",
    };

    private string? MethodOf(SplitText split, WrittenWindow[] windows, bool shortened)
    {
        var parts = new List<string>();
        if (split.Chunks.Count > 1)
            parts.Add($"map-reduce of {split.Chunks.Count} windows{(windows[^1].Round > 1 ? $" in {windows[^1].Round + 1} rounds" : "")}");
        var before = windows.SkipLast(1);
        if (before.Count(window => Shortened(window.Text).Cut) is > 0 and var cut)
            parts.Add($"{cut} of the windows' summaries cut to {task.Room / 2} tokens");
        if (before.Count(window => !window.Ended) is > 0 and var open)
            parts.Add($"{open} of them ended at {task.NewTokens} tokens");
        if (!windows[^1].Ended)
            parts.Add($"the summary ended at {task.NewTokens} tokens");
        if (shortened)
            parts.Add($"shortened to {task.Limit.Says}");
        return parts.Count == 0 ? null : string.Join("; ", parts);
    }
}
