using System.Security.Cryptography;
using System.Text;
using BatchInference.Models.Onnx;

namespace BatchInference.Models.Tasks;

/// <summary>A summary that quotes: the document's own sentences, chosen by a trained scorer over their vectors, in text order.</summary>
/// <remarks>The scorer sees all sentences of the document at once, up to the number that has vectors; a summary of a longer document is chosen from those.</remarks>
public sealed class ExtractiveSummaryTask : EncoderTask, IDisposable
{
    // Names the way in which scores become a choice; another one gives other answers.
    private const string Method = "extractive/1";
    /// <summary>The scorer's graph, in the folder of the model whose vectors it was trained on.</summary>
    public const string Graph = "summary.onnx";


    private readonly SentenceScorer scorer;
    private readonly SummaryLimit limit;

    private ExtractiveSummaryTask(string name, ModelFolder folder, SentenceScorer scorer, SummaryLimit limit)
        : base(name)
    {
        this.scorer = scorer;
        this.limit = limit;
        var answers = $"{Method}\n{folder.Files.First(file => file.Name == Graph).Sha256}\n{limit}";
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(answers)));
    }

    /// <inheritdoc/>
    public override string Fingerprint { get; }

    /// <inheritdoc/>
    public override bool NeedsSentences => true;

    /// <summary>Opens the scorer of a model.</summary>
    /// <param name="name">The task's name in the job.</param>
    /// <param name="folder">The model, with its <c>summary.onnx</c>.</param>
    /// <param name="limit">How long a summary may be.</param>
    /// <exception cref="ModelException">The model has no scorer, or it cannot be loaded.</exception>
    public static ExtractiveSummaryTask Load(string name, ModelFolder folder, SummaryLimit limit) => new(name, folder, SentenceScorer.Load(folder.At(Graph)), limit);

    /// <inheritdoc/>
    public override Prediction Predict(EncodedDocument document, string model)
    {
        var choice = new QuoteChoice(document, Score(document), limit);
        var quotes = choice.Quotes();
        return quotes.Count > 0
            ? new SummaryPrediction(Name, model, string.Join(' ', quotes.Select(quote => quote.Of(document.Text).ToString())), quotes)
            {
                Method = document.SentencesBehind == 0 ? null : $"quotes from the first {document.Sentences.Count} of {document.Sentences.Count + document.SentencesBehind} sentences",
            }
            : new FailedPrediction(Name, model, "The document has no sentence that could be quoted.", Permanent: true);
    }

    /// <summary>The score of each sentence of a document; those without any token, which the scorer could not place, have the lowest there is.</summary>
    internal float[] Score(EncodedDocument document)
    {
        var scores = new float[document.Sentences.Count];
        Array.Fill(scores, float.NegativeInfinity);
        int[] known = [.. Enumerable.Range(0, scores.Length).Where(sentence => document.SentenceTokens[sentence] > 0)];
        if (known.Length == 0)
            return scores;
        var found = scorer.Score([.. known.Select(sentence => document.SentenceVectors[sentence])], [.. known.Select(sentence => document.SentenceTokens[sentence])]);
        for (var index = 0; index < known.Length; index++)
            scores[known[index]] = found[index];
        return scores;
    }

    /// <inheritdoc/>
    public void Dispose() => scorer.Dispose();
}
