namespace BatchInference.Pipeline;

/// <summary>
/// Cuts shards from documents as they come: some minutes of work at the pace that the run has, within <see cref="RunPlan.ShardDocuments"/> and a few times that.
/// Where nodes share the run, the last ones become smaller and smaller (guided self-scheduling: Polychronopoulos and Kuck, IEEE Transactions on Computers C-36, 1987), so that nobody waits long for another's last.
/// </summary>
/// <param name="plan">Says how large shards are.</param>
/// <param name="isShared">True where nodes share the run.</param>
/// <param name="progress">Knows the pace.</param>
internal sealed class ShardCutter(RunPlan plan, bool isShared, RunProgress progress)
{
    // Some parts too many cost little; rows wait in memory until their shard is published.
    private const int Growth = 4;

    // A small archive is cut in eight, so that its progress is published too; under eight documents a part is not worth its files.
    private const int SmallArchiveShards = 8, SmallestShard = 8;

    // To the end each shard is the fourth part of what is left.
    private const int Tapering = 4, SmallestTapered = 16;

    private readonly List<Pending> waiting = [];
    private readonly int keptBack = isShared ? plan.ShardDocuments : 0;
    private bool anyFull;

    /// <summary>Adds a document; gives a full shard's documents when there are enough.</summary>
    public IReadOnlyList<Pending>? Add(Pending document)
    {
        waiting.Add(document);
        var size = Size();
        if (waiting.Count < size + keptBack)
            return null;
        anyFull = true;
        return Cut(size);
    }

    /// <summary>Documents added and not handed out.</summary>
    public int Waiting => waiting.Count;

    /// <summary>What is left when the list has ended.</summary>
    public IEnumerable<IReadOnlyList<Pending>> Rest()
    {
        var even = anyFull ? plan.ShardDocuments : Math.Clamp(Share(SmallArchiveShards), Math.Min(SmallestShard, plan.ShardDocuments), plan.ShardDocuments);
        while (waiting.Count > 0)
            yield return Cut(Math.Min(waiting.Count, isShared ? Math.Clamp(Share(Tapering), Math.Min(SmallestTapered, plan.ShardDocuments), plan.ShardDocuments) : even));
    }

    // A pace is known when a shard's worth of documents has come home.
    private int Size() => progress.Handled < plan.ShardDocuments
        ? plan.ShardDocuments
        : (int)Math.Clamp(progress.DocumentsPerSecond * plan.ShardTime.TotalSeconds, plan.ShardDocuments, Growth * plan.ShardDocuments);

    private int Share(int shards) => (waiting.Count + shards - 1) / shards;

    private Pending[] Cut(int size)
    {
        Pending[] cut = [.. waiting[..size]];
        waiting.RemoveRange(0, size);
        return cut;
    }
}
