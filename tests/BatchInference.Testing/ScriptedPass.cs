using BatchInference.Models.Batching;
using BatchInference.Models.Passes;
using BatchInference.Models.Tasks;
using BatchInference.Models.Tokens;

namespace BatchInference.Testing;

/// <summary>
/// A pass whose tokens are words and whose answers follow from them: task <c>topic</c> gives a label, task <c>summary</c> the first two sentences.
/// Words that tell it to misbehave: <c>POISON</c> (throws), <c>STARVE</c> (out of memory), <c>SWALLOW</c> (one prediction too few), <c>MUTE</c> (no summary), <c>DUMB</c> (no answer at all), <c>BUSY</c> (no summary this time).
/// </summary>
public sealed class ScriptedPass(string fingerprint = "scripted-1", int windowWords = 8) : ModelPass
{
    private static readonly string[] Labels = ["health", "politics", "transport"];
    private static readonly string[] Troubles = ["POISON", "STARVE", "SWALLOW"];

    public override string Model => "scripted/test";

    public override string Fingerprint => fingerprint;

    public override IReadOnlyList<string> Tasks => ["topic", "summary"];

    public override TokenBudget Budget => new(32, 8);

    /// <summary>True to fail whatever is asked.</summary>
    public bool Broken { get; set; }

    /// <summary>What its labels rest on.</summary>
    public string? Basis { get; init; }

    /// <summary>Called before each batch.</summary>
    public Action<TokenBatch> Before { get; set; } = _ => { };

    /// <summary>Rows that were answered.</summary>
    public int Rows { get; private set; }

    public override SplitText Split(string text, string? language)
    {
        var words = Words(text).ToArray();
        var chunks = words.Chunk(windowWords).Select((chunk, index) => new TokenChunk
        {
            Index = index,
            Ids = [.. chunk.Select(word => Id(word.Of(text).ToString()))],
            Range = new TextRange(chunk[0].Start, chunk[^1].End - chunk[0].Start),
            TextTokens = chunk.Length,
        }).ToArray();
        return new SplitText { Text = text, Language = language, Chunks = chunks, TotalTokens = words.Length, ReadTokens = words.Length };
    }

    public override IReadOnlyList<ChunkPrediction> Infer(TokenBatch batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Before(batch);
        var ids = batch.Rows.SelectMany(row => row.Ids).ToHashSet();
        if (Broken || ids.Contains(Id("POISON")))
            throw new InvalidOperationException("The model choked.");
        if (ids.Contains(Id("STARVE")))
            throw new InsufficientMemoryException("Failed to allocate memory for requested buffer.");
        var wanted = ids.Contains(Id("SWALLOW")) ? batch.Rows.Count - 1 : batch.Rows.Count;
        Rows += wanted;
        return [.. batch.Rows.Take(wanted).Select(row => new Said(row.Ids.Sum()))];
    }

    public override IReadOnlyList<Prediction> Assemble(SplitText split, IReadOnlyList<ChunkPrediction> predictions)
    {
        var sum = predictions.Cast<Said>().Sum(said => said.Sum);
        var words = Words(split.Text).Select(word => word.Of(split.Text).ToString()).ToHashSet(StringComparer.Ordinal);
        var label = Labels[sum % Labels.Length];
        Prediction topic = words.Contains("DUMB")
            ? new FailedPrediction("topic", Model, "There is nothing to label.", Permanent: true)
            : new LabelPrediction("topic", Model, label, 0.75, [KeyValuePair.Create(label, 0.75), KeyValuePair.Create("other", 0.25)]) { Basis = Basis };
        Prediction summary = words.Contains("DUMB") || words.Contains("MUTE")
            ? new FailedPrediction("summary", Model, "There is nothing to quote.", Permanent: true)
            : words.Contains("BUSY") ? new FailedPrediction("summary", Model, "The model had no time.", Permanent: false) : Quote(split.Text);
        return [topic, summary];
    }

    private SummaryPrediction Quote(string text)
    {
        var ranges = Sentences(text).Take(2).ToArray();
        return new SummaryPrediction("summary", Model, string.Join(' ', ranges.Select(range => range.Of(text).ToString())), ranges);
    }

    private static IEnumerable<TextRange> Words(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var start = at;
            while (at < text.Length && !char.IsWhiteSpace(text[at]))
                at++;
            if (at > start)
                yield return new TextRange(start, at - start);
            while (at < text.Length && char.IsWhiteSpace(text[at]))
                at++;
        }
    }

    private static IEnumerable<TextRange> Sentences(string text)
    {
        var start = 0;
        for (var at = 0; at < text.Length; at++)
            if (text[at] == '.' || at == text.Length - 1)
            {
                while (start < at && char.IsWhiteSpace(text[start]))
                    start++;
                yield return new TextRange(start, at + 1 - start);
                start = at + 1;
            }
    }

    private static int Id(string word) => Array.IndexOf(Troubles, word) is >= 0 and var trouble ? trouble + 1 : 10 + word.Sum(c => c) % 1000;

    private sealed class Said(int sum) : ChunkPrediction
    {
        public int Sum { get; } = sum;
    }
}
