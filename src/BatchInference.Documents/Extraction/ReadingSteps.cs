namespace BatchInference.Documents.Extraction;

/// <summary>
/// The steps in which a listed document is read: the first is its own text, each further one a document inside it, in the order in which they stand there.
/// Who reads in another process hears of each as it begins, so that a step that brought the process down is known, and is passed over by the next process.
/// </summary>
/// <param name="given">Steps before this one were read whole by another process; their readings are made without texts, since nobody wants them.</param>
/// <param name="passedOver">Steps that are not taken, and what is told instead.</param>
internal sealed class ReadingSteps(int given, IReadOnlyDictionary<int, PassedOver> passedOver)
{
    /// <summary>The first step.</summary>
    public const int First = 1;

    private int current = First;

    /// <summary>All of them.</summary>
    public ReadingSteps()
        : this(First, new Dictionary<int, PassedOver>())
    {
    }

    /// <summary>Tells the number of each step as it begins, but of the first, which begins of itself.</summary>
    public event Action<int>? Begun;

    /// <summary>Tells when the document in hand was given more time than the limit, and how much.</summary>
    public event Action<TimeSpan>? TimeGiven;

    /// <summary>True when the text of the document in hand is not wanted.</summary>
    public bool IsGiven => current < given;

    /// <summary>Begins with the next document inside a container.</summary>
    /// <exception cref="PassedOverException">To come to it is what brings the process down.</exception>
    public void Begin()
    {
        current++;
        Begun?.Invoke(current);
        if (passedOver.TryGetValue(current, out var passed) && passed.WithContainer) throw new PassedOverException(passed.Failure);
    }

    /// <summary>The document in hand is about to be read.</summary>
    /// <exception cref="PassedOverException">That is what brings the process down.</exception>
    public void Enter()
    {
        if (passedOver.TryGetValue(current, out var passed)) throw new PassedOverException(passed.Failure);
    }

    /// <summary>The document in hand has so much more time.</summary>
    public void GiveTime(TimeSpan more) => TimeGiven?.Invoke(more);
}

/// <summary>A step that is not taken.</summary>
/// <param name="Failure">What is told instead.</param>
/// <param name="WithContainer">True when the process cannot even come to the document: its container ends there.</param>
internal sealed record PassedOver(DocumentFailure Failure, bool WithContainer);

/// <summary>A document is not read, for what became of the processes that tried.</summary>
internal sealed class PassedOverException(DocumentFailure failure) : Exception(failure.Reason)
{
    public DocumentFailure Failure { get; } = failure;
}
