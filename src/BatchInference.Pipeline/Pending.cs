using BatchInference.Documents;

namespace BatchInference.Pipeline;

/// <summary>A document to be done, with what the books say of it.</summary>
internal sealed record Pending(Document Document, SettledDocument? Settled);

/// <summary>Documents that are published together. Written by the write loop alone, but for what it is made with.</summary>
/// <param name="Number">From 0, in the run.</param>
/// <param name="Documents">What belongs to it.</param>
/// <param name="LastChance">True when a temporary failure here is not tried again by this run.</param>
internal sealed record Shard(int Number, IReadOnlyList<Pending> Documents, bool LastChance)
{
    /// <summary>What became of its documents until now.</summary>
    public List<DocumentOutcome> Outcomes { get; } = [];
}

/// <summary>Law 4 as a policy: which documents are to be done, and which were only touched.</summary>
/// <param name="work">The run's work fingerprint.</param>
/// <param name="extraction">The fingerprint of what extracts.</param>
/// <param name="again">True when everything is to be done.</param>
internal sealed class SettlementPolicy(string work, string extraction, bool again)
{
    /// <summary>True when the document is to be read.</summary>
    public bool IsPending(string version, SettledDocument? settled) => again || settled is null || settled.Version != version || !Stands(settled);

    /// <summary>True when what was read is what the last row speaks of, so that only its version is noted.</summary>
    public bool IsUnchanged(string? sha256, SettledDocument? settled) => !again && settled is { Sha256: not null } && settled.Sha256 == sha256 && Stands(settled);

    private bool Stands(SettledDocument settled) =>
        settled.Work == work && !settled.Retry && (settled.Status != Results.RowStatus.Failed || settled.Extraction == extraction);
}

/// <summary>Cuts shards from documents as they come, holding no more than one shard of them.</summary>
/// <param name="documents">Documents of a shard where there are as many.</param>
internal sealed class ShardCutter(int documents)
{
    // A small archive is cut in eight, so that its progress is published too; under eight documents a part is not worth its files.
    private const int SmallArchiveShards = 8, SmallestShard = 8;

    private readonly List<Pending> waiting = [];
    private bool anyFull;

    /// <summary>Adds a document; gives a full shard's documents when there are enough.</summary>
    public IReadOnlyList<Pending>? Add(Pending document)
    {
        waiting.Add(document);
        if (waiting.Count < documents)
            return null;
        Pending[] full = [.. waiting];
        waiting.Clear();
        anyFull = true;
        return full;
    }

    /// <summary>Documents added and not handed out.</summary>
    public int Waiting => waiting.Count;

    /// <summary>What is left when the list has ended.</summary>
    public IEnumerable<IReadOnlyList<Pending>> Rest()
    {
        var size = anyFull ? documents : Math.Clamp((waiting.Count + SmallArchiveShards - 1) / SmallArchiveShards, Math.Min(SmallestShard, documents), documents);
        Pending[][] rest = [.. waiting.Chunk(size)];
        waiting.Clear();
        return rest;
    }
}
