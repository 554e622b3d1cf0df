namespace BatchInference.Models.Tokens.Patterns;

internal enum PatternOperation
{
    /// <summary>Takes a code point of set <c>Left</c>.</summary>
    Take,

    /// <summary>Goes on where the next code point is of set <c>Left</c>, or, with <c>Right</c> 1, where the text ends.</summary>
    Ahead,

    /// <summary>Goes on at <c>Left</c>, and if that fails at <c>Right</c>.</summary>
    Fork,

    /// <summary>Goes on at <c>Left</c>.</summary>
    Jump,

    /// <summary>The pattern is found.</summary>
    Found,
}

internal readonly record struct PatternStep(PatternOperation Operation, int Left, int Right);

/// <summary>A pattern as steps of a machine that tries the preferred way first.</summary>
internal sealed class PatternProgram
{
    private const int MostSteps = 2000;
    private const int MostSets = 64;

    // Of parts that add no step: (?:(?:){1000000000}){1000000000}
    private const int MostVisits = 100_000;
    private readonly List<PatternStep> steps = [];
    private readonly List<RuneSet> sets = [];
    private int visits;

    /// <exception cref="FormatException">It is too large.</exception>
    public PatternProgram(PatternNode node)
    {
        Write(node);
        Add(PatternOperation.Found);
        if (sets.Count > MostSets)
            throw new FormatException($"more than {MostSets} sets");
    }

    public IReadOnlyList<PatternStep> Steps => steps;

    public IReadOnlyList<RuneSet> Sets => sets;

    private void Write(PatternNode node)
    {
        if (++visits > MostVisits)
            throw new FormatException($"more than {MostVisits} repetitions");
        switch (node)
        {
            case PatternNode.One one:
                Add(PatternOperation.Take, SetIndex(one.Set));
                break;
            case PatternNode.Ahead ahead:
                Add(PatternOperation.Ahead, SetIndex(ahead.Set), ahead.End ? 1 : 0);
                break;
            case PatternNode.Chain chain:
                foreach (var part in chain.Parts)
                    Write(part);
                break;
            case PatternNode.Choice choice:
                Write(choice);
                break;
            case PatternNode.Repeat repeat:
                Write(repeat);
                break;
        }
    }

    private void Write(PatternNode.Choice choice)
    {
        var ends = new List<int>();
        for (var part = 0; part < choice.Parts.Count - 1; part++)
        {
            var fork = Add(PatternOperation.Fork);
            Write(choice.Parts[part]);
            ends.Add(Add(PatternOperation.Jump));
            steps[fork] = new PatternStep(PatternOperation.Fork, fork + 1, steps.Count);
        }

        Write(choice.Parts[^1]);
        foreach (var end in ends)
            steps[end] = new PatternStep(PatternOperation.Jump, steps.Count, 0);
    }

    private void Write(PatternNode.Repeat repeat)
    {
        for (var time = 0; time < repeat.Least; time++)
            Write(repeat.Part);
        if (repeat.Most < 0)
        {
            var fork = Add(PatternOperation.Fork);
            Write(repeat.Part);
            Add(PatternOperation.Jump, fork);
            steps[fork] = Fork(fork + 1, steps.Count, repeat.Greedy);
            return;
        }

        var forks = new List<int>();
        for (var time = repeat.Least; time < repeat.Most; time++)
        {
            forks.Add(Add(PatternOperation.Fork));
            Write(repeat.Part);
        }

        foreach (var fork in forks)
            steps[fork] = Fork(fork + 1, steps.Count, repeat.Greedy);
    }

    private static PatternStep Fork(int on, int behind, bool greedy) => new(PatternOperation.Fork, greedy ? on : behind, greedy ? behind : on);

    private int Add(PatternOperation operation, int left = 0, int right = 0)
    {
        if (steps.Count >= MostSteps)
            throw new FormatException($"more than {MostSteps} steps");
        steps.Add(new PatternStep(operation, left, right));
        return steps.Count - 1;
    }

    private int SetIndex(RuneSet set)
    {
        var known = sets.IndexOf(set);
        if (known >= 0)
            return known;
        sets.Add(set);
        return sets.Count - 1;
    }
}
