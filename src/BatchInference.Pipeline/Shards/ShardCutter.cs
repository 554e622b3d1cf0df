namespace BatchInference.Pipeline;

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
