using BatchInference.Models.Onnx;

namespace BatchInference.Models.Tokens.Patterns;

/// <summary>
/// A regular expression over code points with the meaning that Oniguruma gives it: the leftmost match, of these the one that backtracking would find first.
/// It runs as a deterministic machine whose states are made when a text first needs them (Cox 2010, "Regular Expression Matching in the Wild"), and a search never reads a stretch twice in the same state, so no text can make it slow. For any number of threads.
/// </summary>
internal sealed class TextPattern
{
    private const int MostStates = 4096;
    private const int Dead = -1;
    private const int Start = 0;

    private readonly PatternStep[] steps;
    private readonly RuneClasses classes;
    private readonly Lock making = new();
    private readonly List<int[]> states = [];
    private readonly Dictionary<string, int> known = new(StringComparer.Ordinal);

    // By state and class: 0 for not made yet, else the next state + 2, doubled, plus 1 where a match ends before the code point.
    private volatile int[] table = new int[256 << 4];

    private TextPattern(PatternNode node)
    {
        var program = new PatternProgram(node);
        steps = [.. program.Steps];
        classes = new RuneClasses(program.Sets);
        var first = new List<int>();
        Follow(0, first, new bool[steps.Length]);
        State(first);
        if (MatchesNothing())
            throw new FormatException("a pattern that the empty text matches");
    }

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="FormatException">It has a part that is not known; the message is its name.</exception>
    public static TextPattern Parse(string pattern) => new(PatternParser.Parse(pattern));

    /// <summary>The pattern of one code point of a set.</summary>
    public static TextPattern Of(RuneSet set) => new(new PatternNode.One(set));

    /// <summary>The pattern of a run of code points of one of several sets.</summary>
    public static TextPattern RunsOf(params IEnumerable<RuneSet> sets) =>
        new(new PatternNode.Choice([.. sets.Select(set => new PatternNode.Repeat(new PatternNode.One(set), 1, -1, true))]));

    /// <summary>The pattern of a text as it stands.</summary>
    public static TextPattern Of(string literal) =>
        new(new PatternNode.Chain([.. literal.EnumerateRunes().Select(rune => new PatternNode.One(new RuneSet().Add(rune.Value, rune.Value)))]));

    /// <summary>Looks for the pattern in a text.</summary>
    public PatternSearch In(ReadOnlySpan<char> text) => new(this, text);

    /// <summary>The end of the match that begins at a place; -1 where none does.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">The place.</param>
    /// <param name="failures">What other starts in the same text came to.</param>
    public int End(ReadOnlySpan<char> text, int start, ref PatternFailures failures)
    {
        var (current, state, end) = (table, Start, -1);
        var (place, waiting) = (PatternFailures.FirstPlace(start), 0);
        for (var at = start; ;)
        {
            if (at >= place)
            {
                if (failures.Has(state, at))
                {
                    failures.Add(waiting);
                    return end;
                }

                failures.Wait(waiting++, state, at);
                place += PatternFailures.Distance;
            }

            var (runeClass, size) = (RuneClasses.End, 0);
            if (at < text.Length)
            {
                int rune = text[at];
                size = 1;
                if (char.IsSurrogate(text[at]) && (size = AlignedText.SizeAt(text, at)) == 2)
                    rune = char.ConvertToUtf32(text[at], text[at + 1]);
                runeClass = classes.Of(rune);
            }

            var move = current[(state << 8) + runeClass];
            if (move == 0)
            {
                move = Make(state, runeClass);
                current = table;
            }

            if ((move & 1) != 0)
                (end, waiting) = (at, 0);
            state = (move >> 1) - 2;
            if (state == Dead)
            {
                if (waiting > 0)
                    failures.Add(waiting);
                return end;
            }

            at += size;
        }
    }

    private int Make(int state, int runeClass)
    {
        lock (making)
        {
            var next = new List<int>();
            var found = Step(states[state], runeClass, next);
            var move = ((next.Count == 0 ? Dead : State(next)) + 2) << 1 | (found ? 1 : 0);
            table[(state << 8) + runeClass] = move;
            return move;
        }
    }

    private int State(List<int> threads)
    {
        var key = new string([.. threads.Select(thread => (char)thread)]);
        if (known.TryGetValue(key, out var state))
            return state;
        if (states.Count == MostStates)
            throw new ModelException($"A pattern of the tokenizer needs more than {MostStates} states. Use a model with another tokenizer.");
        state = states.Count;
        states.Add([.. threads]);
        known[key] = state;
        if (states.Count << 8 > table.Length)
        {
            var larger = new int[2 * table.Length];
            table.CopyTo(larger, 0);
            table = larger;
        }

        return state;
    }

    // The threads stand in the order in which backtracking would try them. A match ends all that stand behind it.
    private bool Step(int[] threads, int runeClass, List<int> next)
    {
        var (seen, entered) = (new bool[steps.Length], new bool[steps.Length]);
        var waiting = new Stack<int>();
        foreach (var thread in threads)
        {
            waiting.Push(thread);
            while (waiting.TryPop(out var at))
            {
                if (seen[at])
                    continue;
                seen[at] = true;
                var step = steps[at];
                switch (step.Operation)
                {
                    case PatternOperation.Found:
                        return true;
                    case PatternOperation.Take when runeClass != RuneClasses.End && classes.Has(runeClass, step.Left):
                        Follow(at + 1, next, entered);
                        break;
                    case PatternOperation.Ahead when runeClass == RuneClasses.End ? step.Right == 1 : classes.Has(runeClass, step.Left):
                        waiting.Push(at + 1);
                        break;
                    case PatternOperation.Jump:
                        waiting.Push(step.Left);
                        break;
                    case PatternOperation.Fork:
                        waiting.Push(step.Right);
                        waiting.Push(step.Left);
                        break;
                }
            }
        }

        return false;
    }

    // Adds the places that can be reached without looking at the text.
    private void Follow(int from, List<int> into, bool[] entered)
    {
        var waiting = new Stack<int>([from]);
        while (waiting.TryPop(out var at))
        {
            if (entered[at])
                continue;
            entered[at] = true;
            switch (steps[at].Operation)
            {
                case PatternOperation.Jump:
                    waiting.Push(steps[at].Left);
                    break;
                case PatternOperation.Fork:
                    waiting.Push(steps[at].Right);
                    waiting.Push(steps[at].Left);
                    break;
                default:
                    into.Add(at);
                    break;
            }
        }
    }

    private bool MatchesNothing()
    {
        var reached = new bool[steps.Length];
        var waiting = new Stack<int>([0]);
        while (waiting.TryPop(out var at))
        {
            if (reached[at])
                continue;
            reached[at] = true;
            foreach (var next in steps[at] switch
            {
                { Operation: PatternOperation.Jump } jump => [jump.Left],
                { Operation: PatternOperation.Fork } fork => [fork.Left, fork.Right],
                { Operation: PatternOperation.Ahead } => [at + 1],
                _ => Array.Empty<int>(),
            })
                waiting.Push(next);
        }

        return reached[steps.Length - 1];
    }
}
