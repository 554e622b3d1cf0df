using System.Runtime.CompilerServices;
using System.Text;

namespace BatchInference.Models.Chat.Jinja;

/// <summary>A rendering under way: names, what is written, and how much may still be done. A template comes with a model, so it is trusted with nothing.</summary>
internal sealed class JinjaFrame
{
    private readonly Dictionary<string, object?> names = new(StringComparer.Ordinal);
    private readonly JinjaFrame? outer;
    private readonly Budget budget;

    /// <summary>The outermost frame.</summary>
    /// <param name="names">What the template is given.</param>
    public JinjaFrame(IEnumerable<KeyValuePair<string, object?>> names)
    {
        budget = new Budget();
        foreach (var (name, value) in names)
            this.names[name] = value;
    }

    private JinjaFrame(JinjaFrame outer, StringBuilder output)
    {
        this.outer = outer;
        budget = outer.budget;
        Output = output;
        Depth = outer.Depth + 1;
        if (Depth > Budget.MostDepth)
            throw new JinjaException($"the template nests deeper than {Budget.MostDepth}");
    }

    public StringBuilder Output { get; } = new();

    private int Depth { get; }

    /// <summary>A scope within: what is set there is gone behind it.</summary>
    public JinjaFrame Inner() => new(this, Output);

    /// <summary>A scope that writes into a text of its own.</summary>
    public JinjaFrame Apart() => new(this, new StringBuilder());

    public void Set(string name, object? value) => names[name] = value;

    public object? Get(string name)
    {
        for (var frame = this; frame is not null; frame = frame.outer)
            if (frame.names.TryGetValue(name, out var value))
                return value;
        return new Undefined(name);
    }

    public void Write(string text)
    {
        budget.Spend(1 + text.Length / 64);
        Output.Append(text);
        if (Output.Length > Budget.MostCharacters)
            throw new JinjaException($"the template writes more than {Budget.MostCharacters} characters");
    }

    /// <summary>Runs a macro, unless too many call each other.</summary>
    public T Call<T>(Func<T> macro)
    {
        budget.Enter();
        var result = macro();
        budget.Leave();
        return result;
    }

    /// <summary>Counts some work, and refuses it where the stack ends: chains and macros may nest without any bound in the template's text.</summary>
    public void Spend(int steps)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        budget.Spend(steps);
    }

    private sealed class Budget
    {
        public const int MostDepth = 100;
        public const int MostCharacters = 16_000_000;
        private const int MostSteps = 500_000;

        private int spent;
        private int calls;

        public void Enter()
        {
            if (++calls > MostDepth)
                throw new JinjaException($"macros call each other deeper than {MostDepth}");
        }

        public void Leave() => calls--;

        public void Spend(int steps)
        {
            spent += steps;
            if (spent > MostSteps)
                throw new JinjaException($"the template takes more than {MostSteps} steps");
        }
    }
}

/// <summary>What a statement did: went on, left its loop, or its turn of it.</summary>
internal enum JinjaFlow
{
    Next,
    Break,
    Continue,
}

internal delegate object? JinjaExpression(JinjaFrame frame);

internal delegate JinjaFlow JinjaStatement(JinjaFrame frame);
