using BatchInference.Documents.Containers;

namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>How the reading of one listed document goes, over all processes that it takes: what was passed on, what time is left, which steps bring processes down and are passed over.</summary>
/// <remarks>
/// A container is read in steps, a document inside it each (<see cref="ReadingSteps"/>), numbered alike in every process. A process that is brought down told before in which step it was; the next begins
/// at the beginning, gives the steps before that one without their texts (they are <em>given</em>, and not passed on twice), and goes on with it:
/// <code>
///  read ──falls──▶ read again ──falls──▶ passed over ──falls──▶ passed over with its container ──falls──▶ the rest has failed
///         (chance?)             (its fault)            (even coming to it is too much)
/// </code>
/// What is no chance (a time-out, lack of memory) is passed over at once. A document that holds no others has failed where it would be passed over.
/// </remarks>
/// <param name="time">The time of the whole.</param>
internal sealed class ReadingCourse(TimeSpan time)
{
    // Each costs the container to be read again up to there; one that holds more such documents is made to hurt.
    private const int MostFalls = 32;

    private readonly Dictionary<int, PassedOver> passedOver = [];

    // Steps that may have fallen by chance.
    private readonly HashSet<int> fellOnce = [];
    private string? sha256;
    private int falls;

    // Readings that went to the caller, and a hash over their names.
    private int passedOn;
    private int namesPassedOn;

    // The same of the process that reads now: until it has given as many as were passed on, the caller has them already.
    private int readInThisProcess;
    private int namesInThisProcess;

    // A reading bears the listed document's own name.
    private bool hasOwn;

    /// <summary>The time that is left for the whole.</summary>
    public TimeSpan TimeLeft { get; set; } = time;

    /// <summary>True until a process was brought down.</summary>
    public bool IsFirst => falls == 0;

    /// <summary>Steps before this one were read whole, and are not wanted again.</summary>
    public int Given { get; private set; } = ReadingSteps.First;

    /// <summary>Steps that the next process does not take.</summary>
    public IReadOnlyDictionary<int, PassedOver> PassedOver => passedOver;

    /// <summary>The name under which a failure of the whole stands: what has a reading already keeps it.</summary>
    public string? MemberOfFailure => hasOwn ? MemberNames.OfTheRest : null;

    /// <summary>A process has the content.</summary>
    /// <exception cref="DocumentException">It is not that which the process before had.</exception>
    public void Begin(string sha256)
    {
        (readInThisProcess, namesInThisProcess) = (0, 0);
        if ((this.sha256 ??= sha256) != sha256) throw new DocumentException("The document was changed while it was read.", permanent: false);
    }

    /// <summary>True when this process gave other documents than that before it: then it is not known which are new.</summary>
    public bool HasStrayed => readInThisProcess == passedOn && namesInThisProcess != namesPassedOn;

    /// <summary>True for a reading that no process before gave.</summary>
    public bool IsNew(DocumentReading reading)
    {
        readInThisProcess++;
        namesInThisProcess = HashCode.Combine(namesInThisProcess, reading.Member);
        if (readInThisProcess <= passedOn) return false;
        (passedOn, namesPassedOn) = (readInThisProcess, namesInThisProcess);
        hasOwn |= reading.Member is null;
        return true;
    }

    /// <summary>What is wrong when a process that was not brought down gave other documents than that before it, or fewer; else null.</summary>
    public Fall? Stray() => HasStrayed || readInThisProcess < passedOn
        ? new(null, new("extract", "Read for the second time, after it had brought down the process that read it, the document held other documents than before.", false), MayBeChance: false)
        : null;

    /// <summary>Decides what becomes of the document after a process was brought down.</summary>
    /// <returns>True when another process is to read on; false when what is left of the document has failed.</returns>
    public bool GoesOnAfter(Fall fall)
    {
        falls++;
        if (fall.Step is not { } step || falls > MostFalls || TimeLeft <= TimeSpan.Zero) return false;
        Given = Math.Max(Given, step);
        // A document that brings down its process once may have met another's remains; one that does it twice is the cause.
        if (fall.MayBeChance && fellOnce.Add(step)) return true;
        // Nothing stands behind a document alone, or one that cannot even be passed over.
        if (step == ReadingSteps.First || (passedOver.TryGetValue(step, out var before) && before.WithContainer)) return false;
        passedOver[step] = new(fall.Failure, WithContainer: before is not null);
        return true;
    }
}

/// <summary>A process was brought down.</summary>
/// <param name="Step">The step that it was in; null when none is to blame.</param>
/// <param name="Failure">What is told of it.</param>
/// <param name="MayBeChance">True when it is the document's fault only if it happens again.</param>
internal sealed record Fall(int? Step, DocumentFailure Failure, bool MayBeChance);
