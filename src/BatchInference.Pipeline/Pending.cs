using System.Collections.Frozen;
using BatchInference.Documents;
using BatchInference.Documents.Extraction;

namespace BatchInference.Pipeline;

/// <summary>A listed document to be done, with what the books say of it.</summary>
/// <param name="document">The document.</param>
/// <param name="settled">Its own row.</param>
/// <param name="container">It with all documents inside it, when it was read as a container.</param>
internal sealed class Pending(Document document, SettledDocument? settled, SettledDocument? container)
{
    public Document Document { get; } = document;

    public SettledDocument? Settled { get; } = settled;

    /// <summary>What the books say of the whole.</summary>
    public SettledDocument? Whole { get; } = container ?? settled;

    /// <summary>True when the books know documents inside it.</summary>
    public bool WasContainer { get; init; } = container is not null;

    /// <summary>How often this run tried it before.</summary>
    public int Attempt { get; init; }

    /// <summary>When it is tried once more: the names that failed temporarily, and with them all that stands inside them and never came home. Null the first time.</summary>
    public IReadOnlySet<string>? Only { get; init; }

    /// <summary>True when the reading is to be gone on with; the first time all are.</summary>
    public bool Wants(DocumentReading reading)
    {
        var path = Document.Id.Path + reading.Member;
        return Only is null || Only.Contains(path) || reading.Failure is { Permanent: false } || (!Ended.Contains(path) && StandsInside(path));
    }

    /// <summary>The same document, to be tried once more for these names; only when all of its readings came home.</summary>
    public Pending Again(IReadOnlySet<string> names)
    {
        Home.Again(names.Count, names.Contains(Document.Id.Path));
        return new Pending(Document, Settled, Whole) { Only = names, Ended = Home.Ended(), Home = Home, WasContainer = WasContainer, Attempt = Attempt + 1 };
    }

    // What became of these is known for good.
    private IReadOnlySet<string> Ended { get; init; } = FrozenSet<string>.Empty;

    // What cuts the reading of a container short bears its name, or "!/*" behind it where that name has a text of its own: what it would have given is not known before.
    private bool StandsInside(string path)
    {
        for (var at = Document.Id.Path.Length; at < path.Length; at++)
            if (path[at] is '!' or '#' && (Only!.Contains(path[..at]) || Only.Contains($"{path[..at]}!/*")))
                return true;
        return false;
    }

    /// <summary>Which of its readings came home; written by the write loop alone.</summary>
    public Homecoming Home { get; init; } = new();
}

/// <summary>Counts the readings of one listed document as they come home, in any order.</summary>
internal sealed class Homecoming
{
    // Of documents in containers, which may be read more than once.
    private HashSet<string>? ended;
    private int came;
    private int? expected;
    private int temporary;

    /// <summary>SHA-256 of the listed document, once told.</summary>
    public string? Sha256 { get; private set; }

    /// <summary>True when it holds documents.</summary>
    public bool IsContainer { get; private set; }

    /// <summary>True when some of it has failed for good, now or before.</summary>
    public bool AnyFailed { get; private set; }

    /// <summary>True when some of it is to be tried again.</summary>
    public bool AnyTemporary => temporary > 0;

    /// <summary>True when its content was known, so that nothing inside was looked at.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>True when it has a reading of its own, not only members.</summary>
    public bool HasOwn { get; private set; }

    /// <summary>Takes what became of one reading; true when it was the last to come.</summary>
    public bool Add(DocumentInHand hand, OutcomeKind kind)
    {
        came++;
        expected = hand.Readings ?? expected;
        Sha256 ??= hand.Reading.ListedSha256;
        IsContainer |= hand.Reading.Member is not null;
        IsKnown |= hand.Reading.Known;
        AnyFailed |= kind == OutcomeKind.Failed || (kind == OutcomeKind.Unchanged && hand.Settled?.Status == Results.RowStatus.Failed);
        HasOwn |= hand.Reading.Member is null;
        temporary += kind == OutcomeKind.Temporary ? 1 : 0;
        if (kind != OutcomeKind.Temporary)
            (ended ??= new HashSet<string>(StringComparer.Ordinal)).Add(hand.Path);
        return came == expected;
    }

    /// <summary>A copy of the names of which it is known what became of them, for good; not while readings come home.</summary>
    public IReadOnlySet<string> Ended() => new HashSet<string>(ended ?? [], StringComparer.Ordinal);

    /// <summary>Begins to count anew, for so many readings that are tried once more.</summary>
    /// <param name="readings">How many.</param>
    /// <param name="own">True when the listed document's own is among them.</param>
    public void Again(int readings, bool own)
    {
        (came, expected, temporary) = (0, null, temporary - readings);
        HasOwn &= !own;
    }
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
