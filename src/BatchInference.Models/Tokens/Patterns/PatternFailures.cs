namespace BatchInference.Models.Tokens.Patterns;

/// <summary>
/// Where in a text a machine in which state found nothing more: another start that comes there in the same state will find nothing either, so it need not go on. Without this
/// <c>\s+$</c> would read a run of blanks again from each of them.
/// </summary>
/// <remarks>Only long runs are remembered, and only at some places, so that ordinary texts pay a comparison a character and nothing else.</remarks>
internal struct PatternFailures
{
    /// <summary>How many characters lie between the places at which a run is looked at; a power of two.</summary>
    public const int Distance = 64;

    // What is forgotten costs time only. A pattern that needs so many was made to need them.
    private const int MostKnown = 1 << 20;

    private HashSet<long>? known;
    private List<long>? waiting;

    /// <summary>The first place at which a run is looked at. It is the same for all runs, whatever their start.</summary>
    public static int FirstPlace(int start) => (start + 2 * Distance - 1) & -Distance;

    /// <summary>Whether a machine in this state finds nothing from here on.</summary>
    public readonly bool Has(int state, int at) => known is not null && known.Contains(Key(state, at));

    /// <summary>Writes down where a run is, as one of so many places since it last found something.</summary>
    public void Wait(int count, int state, int at)
    {
        waiting ??= [];
        if (count < waiting.Count)
            waiting[count] = Key(state, at);
        else
            waiting.Add(Key(state, at));
    }

    /// <summary>The run found nothing more behind the first so many of the places that were written down.</summary>
    public void Add(int count)
    {
        known ??= [];
        if (known.Count + count > MostKnown)
            known.Clear();
        for (var place = 0; place < count; place++)
            known.Add(waiting![place]);
    }

    private static long Key(int state, int at) => (long)at << 16 | (uint)state;
}
