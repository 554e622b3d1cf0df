using BatchInference.Documents.Extraction;
using BatchInference.Models.Passes;
using BatchInference.Models.Tokens;

namespace BatchInference.Pipeline;

/// <summary>A listed document, or a document inside one, on its way through the loops; owned by the loop that has it.</summary>
internal sealed class DocumentInHand(Shard shard, Pending pending, DocumentReading reading)
{
    public Shard Shard { get; } = shard;

    /// <summary>The listed document.</summary>
    public Pending Pending { get; } = pending;

    public DocumentReading Reading { get; } = reading;

    /// <summary>The document's name.</summary>
    public string Path { get; } = pending.Document.Id.Path + reading.Member;

    /// <summary>What the books say of it.</summary>
    public SettledDocument? Settled { get; init; }

    /// <summary>On the last reading of a listed document: how many it gave, this one included.</summary>
    public int? Readings { get; init; }

    /// <summary>Its share in each pass, in the order of the plan; empty when it needs no inference.</summary>
    public IReadOnlyList<PassShare> Shares { get; set; } = [];

    /// <summary>Passes that have not finished with it.</summary>
    public int OpenPasses { get; set; }

    /// <summary>True when its content is what the last row speaks of.</summary>
    public bool Unchanged { get; init; }

    /// <summary>Why it can have no answer.</summary>
    public DocumentFailure? Failure { get; set; } = reading.Failure;

    /// <summary>Tokens it holds in memory.</summary>
    public long Tokens => Shares.Sum(share => share.Split.TotalTokens);
}

/// <summary>What one pass has of one document.</summary>
internal sealed class PassShare(ModelPass pass, SplitText split)
{
    public ModelPass Pass { get; } = pass;

    public SplitText Split { get; } = split;

    /// <summary>By chunk index; null until predicted.</summary>
    public List<ChunkPrediction?> Predictions { get; } = [.. new ChunkPrediction?[split.Chunks.Count]];

    /// <summary>Chunks not predicted yet.</summary>
    public int Missing { get; set; } = split.Chunks.Count;

    /// <summary>All predictions, when none is missing.</summary>
    public IReadOnlyList<ChunkPrediction> Whole() => Predictions.ConvertAll(prediction => prediction ?? throw new InvalidOperationException("A prediction is missing."));
}
