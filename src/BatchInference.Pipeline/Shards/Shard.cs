using BatchInference.Documents;
using BatchInference.Documents.Extraction;

namespace BatchInference.Pipeline;

/// <summary>Listed documents that are published together. Written by the write loop alone, but for what it is made with.</summary>
/// <param name="number">From 0, in the run; the names of its parts follow from it.</param>
/// <param name="documents">What is to be done of it.</param>
internal sealed class Shard(int number, IReadOnlyList<Pending> documents)
{
    public int Number { get; } = number;

    public IReadOnlyList<Pending> Documents { get; } = documents;

    /// <summary>By which the books know that it was not taken by another process meanwhile; null where there are no others.</summary>
    public long? Token { get; init; }

    /// <summary>True for one suspect that is done with nothing beside it.</summary>
    public bool IsAlone { get; set; }

    /// <summary>What became of its documents, and of those inside them, and is not published yet.</summary>
    public List<DocumentOutcome> Outcomes { get; } = [];

    /// <summary>Containers of which everything is home and that are not recorded yet.</summary>
    public List<SettledContainer> Containers { get; } = [];

    /// <summary>As <see cref="Settlement.Emptied"/>, and not recorded yet.</summary>
    public List<DocumentId> Emptied { get; } = [];

    /// <summary>What failed temporarily and is worth another try.</summary>
    public List<(Pending Pending, string Path, DocumentFailure Failure)> Retries { get; } = [];

    /// <summary>Listed documents of which everything is home.</summary>
    public int Home { get; set; }

    /// <summary>Parts published until now, by this process or one that had it before.</summary>
    public int Parts { get; set; }

    /// <summary>What its row does not tell.</summary>
    public ShardShare Share { get; set; } = new();

    /// <summary>True when another process took it meanwhile: nothing of it is recorded any more.</summary>
    public bool IsLost { get; set; }
}
