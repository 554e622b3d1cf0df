using BatchInference.Documents.Extraction;

namespace BatchInference.Pipeline.Suspects;

/// <summary>Suspects that wait until nothing else is to be done. Thread-safe: the write loop adds, the feed takes.</summary>
internal sealed class WaitingSuspects(Suspicion suspicion)
{
    private readonly Lock turn = new();
    private readonly List<(Pending Pending, string Path)> waiting = [];

    /// <summary>True when any waits.</summary>
    public bool Any
    {
        get
        {
            lock (turn)
                return waiting.Count > 0;
        }
    }

    /// <summary>Keeps a document that is withheld; false for one that failed otherwise.</summary>
    public bool TryAdd(Pending pending, string path, DocumentFailure failure)
    {
        if (!ReferenceEquals(failure, Suspicion.Waits))
            return false;
        lock (turn)
            waiting.Add((pending, path));
        return true;
    }

    /// <summary>Lets go of documents that another process does.</summary>
    public void Forget(IReadOnlyList<Pending> documents)
    {
        lock (turn)
            waiting.RemoveAll(one => documents.Contains(one.Pending));
    }

    /// <summary>Takes the next one, to be done for this name only; all that came before must be home. Null when none waits.</summary>
    public Pending? Take()
    {
        lock (turn)
        {
            if (waiting.Count == 0)
                return null;
            var next = waiting.MinBy(one => suspicion.FallsAlone(one.Path));
            waiting.Remove(next);
            return next.Pending.Again(new HashSet<string>(StringComparer.Ordinal) { next.Path });
        }
    }
}
