using System.Runtime.CompilerServices;
using BatchInference.Models.Batching;
using BatchInference.Models.Passes;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;
using BatchInference.Testing;

namespace BatchInference.FallibleWorker;

/// <summary>
/// A <see cref="ScriptedPass"/> that ends the process, as native code does that goes wrong: when it splits a text with <c>DEADLY-TO-SPLIT</c>, when it infers a window of one with <c>DEADLY-TO-INFER</c>,
/// when it puts the answer of one with <c>DEADLY-TO-ASSEMBLE</c> together.
/// </summary>
internal sealed class FallingPass : ModelPass
{
    private readonly ScriptedPass scripted = new();
    private readonly ConditionalWeakTable<TokenChunk, string> deadly = [];

    public override string Model => scripted.Model;

    public override string Fingerprint => scripted.Fingerprint;

    public override IReadOnlyList<string> Tasks => scripted.Tasks;

    public override TokenBudget Budget => scripted.Budget;

    public override SplitText Split(string text, string? language)
    {
        Fall(text, "SPLIT");
        var split = scripted.Split(text, language);
        foreach (var chunk in split.Chunks.Where(_ => text.Contains("DEADLY-TO-INFER", StringComparison.Ordinal)))
            deadly.Add(chunk, text);
        return split;
    }

    public override IReadOnlyList<ChunkPrediction> Infer(TokenBatch batch, CancellationToken cancellationToken)
    {
        foreach (var row in batch.Rows)
            if (deadly.TryGetValue(row, out var text))
                Fall(text, "INFER");
        return scripted.Infer(batch, cancellationToken);
    }

    public override IReadOnlyList<Prediction> Assemble(SplitText split, IReadOnlyList<ChunkPrediction> predictions)
    {
        Fall(split.Text, "ASSEMBLE");
        return scripted.Assemble(split, predictions);
    }

    private static void Fall(string text, string stage)
    {
        if (text.Contains($"DEADLY-TO-{stage}", StringComparison.Ordinal))
            Environment.FailFast($"The native library wrote where it must not ({stage}).");
    }
}
