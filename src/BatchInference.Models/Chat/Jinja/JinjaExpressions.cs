using System.Globalization;

namespace BatchInference.Models.Chat.Jinja;

/// <summary>Parses expressions, by the precedence of Jinja's own parser.</summary>
internal static class JinjaExpressions
{
    private static readonly string[] Comparisons = ["==", "!=", "<=", ">=", "<", ">", "in"];

    /// <summary>One value: <c>a if b else c</c> and all below.</summary>
    public static JinjaExpression Parse(JinjaTokens tokens) => tokens.Deeper(() =>
    {
        var value = Or(tokens);
        while (tokens.Skip("if"))
        {
            var (then, condition) = (value, Or(tokens));
            var otherwise = tokens.Skip("else") ? Parse(tokens) : _ => new Undefined("the inline if without else");
            value = frame => JinjaValues.IsTrue(condition(frame)) ? then(frame) : otherwise(frame);
        }

        return value;
    });

    /// <summary>One value, or several with commas between them as a list.</summary>
    public static JinjaExpression ParseTuple(JinjaTokens tokens)
    {
        var first = Parse(tokens);
        if (!tokens.Current.Is(","))
            return first;
        var parts = new List<JinjaExpression> { first };
        while (tokens.Skip(",") && tokens.Current.Kind != JinjaTokenKind.End && !tokens.Current.Is(")"))
            parts.Add(Parse(tokens));
        return frame => new JinjaTuple(parts.ConvertAll(part => part(frame)));
    }

    /// <summary>A value without <c>if</c> behind it, as a loop's source is.</summary>
    public static JinjaExpression Or(JinjaTokens tokens)
    {
        var left = And(tokens);
        while (tokens.Skip("or"))
        {
            tokens.Count();
            var (a, b) = (left, And(tokens));
            left = frame => Counted(frame, a) is var value && JinjaValues.IsTrue(value) ? value : b(frame);
        }

        return left;
    }

    private static JinjaExpression And(JinjaTokens tokens)
    {
        var left = Not(tokens);
        while (tokens.Skip("and"))
        {
            tokens.Count();
            var (a, b) = (left, Not(tokens));
            left = frame => Counted(frame, a) is var value && JinjaValues.IsTrue(value) ? b(frame) : value;
        }

        return left;
    }

    private static JinjaExpression Not(JinjaTokens tokens)
    {
        if (!tokens.Skip("not"))
            return Compare(tokens);
        var value = tokens.Deeper(() => Not(tokens));
        return frame => !JinjaValues.IsTrue(value(frame));
    }

    // Comparisons chain: a < b < c compares both pairs.
    private static JinjaExpression Compare(JinjaTokens tokens)
    {
        var first = Sum(tokens);
        var chain = new List<(string Sign, JinjaExpression Value)>();
        while (true)
        {
            if (tokens.Current.Is("not") && tokens.Following.Is("in"))
            {
                tokens.Take();
                tokens.Take();
                chain.Add(("not in", Sum(tokens)));
            }
            else if (Comparisons.Contains(tokens.Current.Text) && tokens.Current.Kind is JinjaTokenKind.Operator or JinjaTokenKind.Name)
            {
                var sign = tokens.Take().Text;
                chain.Add((sign, Sum(tokens)));
            }
            else
            {
                break;
            }
        }

        if (chain.Count == 0)
            return first;
        return frame =>
        {
            var left = first(frame);
            foreach (var (sign, value) in chain)
            {
                var right = value(frame);
                if (!JinjaOperators.Holds(sign, left, right))
                    return false;
                left = right;
            }

            return true;
        };
    }

    private static JinjaExpression Sum(JinjaTokens tokens) => Chain(tokens, Concatenation, "+", "-");

    private static JinjaExpression Concatenation(JinjaTokens tokens) => Chain(tokens, Product, "~");

    private static JinjaExpression Product(JinjaTokens tokens) => Chain(tokens, Power, "*", "/", "//", "%");

    private static JinjaExpression Power(JinjaTokens tokens) => Chain(tokens, inner => Unary(inner, true), "**");

    private static JinjaExpression Chain(JinjaTokens tokens, Func<JinjaTokens, JinjaExpression> part, params string[] signs)
    {
        var left = part(tokens);
        while (tokens.Current.Kind == JinjaTokenKind.Operator && signs.Contains(tokens.Current.Text))
        {
            tokens.Count();
            var (a, sign, b) = (left, tokens.Take().Text, part(tokens));
            left = frame =>
            {
                frame.Spend(1);
                return JinjaOperators.Apply(sign, a(frame), b(frame));
            };
        }

        return left;
    }

    private static JinjaExpression Unary(JinjaTokens tokens, bool filters)
    {
        JinjaExpression value;
        if (tokens.Skip("-"))
        {
            var inner = tokens.Deeper(() => Unary(tokens, false));
            value = frame => JinjaOperators.Apply("-", 0L, inner(frame));
        }
        else if (tokens.Skip("+"))
        {
            value = tokens.Deeper(() => Unary(tokens, false));
        }
        else
        {
            value = Primary(tokens);
        }

        value = Behind(tokens, value);
        return filters ? Filtered(tokens, value) : value;
    }

    private static JinjaExpression Primary(JinjaTokens tokens)
    {
        var token = tokens.Current;
        switch (token.Kind)
        {
            case JinjaTokenKind.Name:
                tokens.Take();
                return token.Text switch
                {
                    "true" or "True" => _ => true,
                    "false" or "False" => _ => false,
                    "none" or "None" => _ => null,
                    var name => frame => frame.Get(name),
                };
            case JinjaTokenKind.String:
                var text = "";
                while (tokens.Current.Kind == JinjaTokenKind.String)
                    text += tokens.Take().Text;
                return _ => text;
            case JinjaTokenKind.Integer:
                tokens.Take();
                return long.TryParse(token.Text, CultureInfo.InvariantCulture, out var whole) ? _ => whole : throw tokens.Wrong("a number below 2^63");
            case JinjaTokenKind.Float:
                tokens.Take();
                var number = double.Parse(token.Text, CultureInfo.InvariantCulture);
                return _ => number;
        }

        if (tokens.Skip("("))
        {
            if (tokens.Skip(")"))
                return _ => new JinjaTuple([]);
            var inner = ParseTuple(tokens);
            tokens.Demand(")");
            return inner;
        }

        if (tokens.Skip("["))
        {
            var parts = Parts(tokens, "]", Parse);
            return frame => parts.ConvertAll(part => part(frame));
        }

        if (!tokens.Skip("{"))
            throw tokens.Wrong("a value");
        var entries = Parts(tokens, "}", inner =>
        {
            var key = Parse(inner);
            inner.Demand(":");
            return (Key: key, Value: Parse(inner));
        });
        return frame =>
        {
            var map = new JinjaMap();
            foreach (var (key, value) in entries)
                map[key(frame)] = value(frame);
            return map;
        };
    }

    private static List<T> Parts<T>(JinjaTokens tokens, string end, Func<JinjaTokens, T> part)
    {
        var parts = new List<T>();
        while (!tokens.Skip(end))
        {
            if (parts.Count > 0)
            {
                tokens.Demand(",");
                if (tokens.Skip(end))
                    break;
            }

            parts.Add(part(tokens));
        }

        return parts;
    }

    private static JinjaExpression Behind(JinjaTokens tokens, JinjaExpression value)
    {
        while (true)
        {
            tokens.Count();
            var of = value;
            if (tokens.Skip("."))
            {
                var name = tokens.Current.Kind == JinjaTokenKind.Integer ? tokens.Take().Text : tokens.Name();
                value = frame => JinjaOperators.Attribute(Counted(frame, of), name);
            }
            else if (tokens.Skip("["))
            {
                value = Subscript(tokens, of);
            }
            else if (tokens.Current.Is("("))
            {
                var arguments = JinjaArguments.Parse(tokens);
                value = frame =>
                {
                    frame.Spend(1);
                    return of(frame) switch
                    {
                        JinjaFunction function => function(arguments.Values(frame), arguments.Named(frame)),
                        var other => throw new JinjaException(other is Undefined ? JinjaValues.TypeName(other) : $"'{JinjaValues.TypeName(other)}' object is not callable"),
                    };
                };
            }
            else
            {
                return value;
            }
        }
    }

    private static JinjaExpression Subscript(JinjaTokens tokens, JinjaExpression of)
    {
        JinjaExpression? Part() => tokens.Current.Is(":") || tokens.Current.Is("]") ? null : Parse(tokens);
        var first = Part();
        if (tokens.Skip("]"))
            return first is null ? throw tokens.Wrong("an index") : frame => JinjaOperators.Item(Counted(frame, of), first(frame));
        tokens.Demand(":");
        var second = Part();
        var third = tokens.Skip(":") ? Part() : null;
        tokens.Demand("]");
        return frame => JinjaOperators.Slice(Counted(frame, of), first?.Invoke(frame), second?.Invoke(frame), third?.Invoke(frame));
    }

    private static JinjaExpression Filtered(JinjaTokens tokens, JinjaExpression value)
    {
        while (true)
        {
            if (tokens.Current.Is("|"))
                value = Filters(tokens, value);
            else if (tokens.Skip("is"))
                value = Test(tokens, value);
            else if (tokens.Current.Is("("))
                value = Behind(tokens, value);
            else
                return value;
        }
    }

    /// <summary>All filters that stand behind a value: <c>|name</c>, <c>|name(…)</c>.</summary>
    public static JinjaExpression Filters(JinjaTokens tokens, JinjaExpression value)
    {
        while (tokens.Skip("|"))
        {
            tokens.Count();
            var (of, name) = (value, tokens.Name());
            var filter = JinjaFilters.Find(name) ?? throw new JinjaException($"Line {tokens.Current.Line} of the chat template: no filter named '{name}'.");
            var arguments = tokens.Current.Is("(") ? JinjaArguments.Parse(tokens) : JinjaArguments.None;
            value = frame =>
            {
                var given = Counted(frame, of);
                frame.Spend(given is string text ? text.Length / 64 : 0);
                return filter(given, arguments.Values(frame), arguments.Named(frame));
            };
        }

        return value;
    }

    private static JinjaExpression Test(JinjaTokens tokens, JinjaExpression value)
    {
        var not = tokens.Skip("not");
        var name = tokens.Name();
        var test = JinjaTests.Find(name) ?? throw new JinjaException($"Line {tokens.Current.Line} of the chat template: no test named '{name}'.");
        var arguments = JinjaArguments.None;
        if (tokens.Current.Is("("))
        {
            arguments = JinjaArguments.Parse(tokens);
        }
        else if (tokens.Current.Kind is JinjaTokenKind.String or JinjaTokenKind.Integer or JinjaTokenKind.Float || tokens.Current.Is("[") || tokens.Current.Is("{")
            || (tokens.Current.Kind == JinjaTokenKind.Name && tokens.Current.Text is not ("else" or "or" or "and" or "is" or "if" or "in" or "not")))
        {
            arguments = JinjaArguments.Of(Behind(tokens, Primary(tokens)));
        }

        return frame => test(Counted(frame, value), arguments.Values(frame)) != not;
    }

    private static object? Counted(JinjaFrame frame, JinjaExpression value)
    {
        frame.Spend(1);
        return value(frame);
    }
}
