using BatchInference.Models.Batching;
using BatchInference.Models.Generation;
using BatchInference.Models.Onnx;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;
using BatchInference.Models.Tokens.Sentences;

namespace BatchInference.Models.Passes;

/// <summary>A model that writes with one task of a job. Tasks have prompts of their own, so nothing but the loaded graph is shared between them.</summary>
public abstract class PromptedPass : ModelPass
{
    // A step of generation reads all weights for a token a row: some rows together cost hardly more than one. The cache of each row is what bounds them.
    private const int PaddedTokensOnCpu = 4096;
    private const int PaddedTokensOnDevice = 32_768;
    private const int MostRows = 16;

    private readonly PromptedTask task;

    private protected PromptedPass(PromptedTask task, ModelSessions sessions)
    {
        this.task = task;
        Graph = sessions.Generator(task.Model);
        task.Settings.RequireTokens(Graph.Vocabulary);
        var tokens = task.Model.Options.PaddedTokens ?? (task.Model.Options.Provider == ExecutionProvider.Cpu ? PaddedTokensOnCpu : PaddedTokensOnDevice);
        Budget = new TokenBudget(Math.Max(1, tokens / task.Width), MostRows) { Growth = task.NewTokens };
    }

    /// <inheritdoc/>
    public override string Model => task.Model.Name;

    /// <inheritdoc/>
    public override string Fingerprint => task.Fingerprint;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Tasks => [task.Name];

    /// <inheritdoc/>
    public override TokenBudget Budget { get; }

    internal GeneratingModel Graph { get; }

    /// <inheritdoc/>
    public override SplitText Split(string text, string? language)
    {
        var (windows, tokens) = Cut(text);
        return new SplitText { Text = text, Language = language, Chunks = windows, TotalTokens = tokens, ReadTokens = tokens };
    }

    /// <summary>The prompts of the windows of a text; what looks like a control token in it is only text.</summary>
    private protected (IReadOnlyList<TokenChunk> Windows, int Tokens) Cut(string text)
    {
        var tokens = new TokenBuffer();
        task.Model.Tokenizer.Encode(text, tokens);
        return (task.Chunker.Cut(text, tokens.Ids, tokens.Offsets, SentenceSplitter.Split(text), 0), tokens.Count);
    }
}
