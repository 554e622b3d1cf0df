namespace BatchInference.Models.Chat.Jinja;

/// <summary>Parses what stands between <c>{%</c> and <c>%}</c>, and the text around it.</summary>
internal static class JinjaStatements
{
    /// <summary>Everything up to a block of one of these names, which stays to be read; to the end of the template where none is given.</summary>
    public static JinjaStatement Body(JinjaTokens tokens, params string[] until) => tokens.Deeper<JinjaStatement>(() =>
    {
        var statements = new List<JinjaStatement>();
        while (tokens.Current.Kind != JinjaTokenKind.Eof && !(tokens.Current.Kind == JinjaTokenKind.Block && until.Contains(tokens.Following.Text)))
            statements.Add(One(tokens));
        if (until.Length > 0 && tokens.Current.Kind == JinjaTokenKind.Eof)
            throw tokens.Wrong(string.Join(" or ", until.Select(name => $"`{name}`")));
        return frame =>
        {
            foreach (var statement in statements)
                if (statement(frame) is not JinjaFlow.Next and var flow)
                    return flow;
            return JinjaFlow.Next;
        };
    });

    private static JinjaStatement One(JinjaTokens tokens)
    {
        var token = tokens.Take();
        if (token.Kind == JinjaTokenKind.Text)
            return Do(frame => frame.Write(token.Text));
        if (token.Kind == JinjaTokenKind.Print)
        {
            var value = JinjaExpressions.ParseTuple(tokens);
            tokens.End();
            return Do(frame => frame.Write(JinjaValues.Text(value(frame))));
        }

        var name = tokens.Name();
        return name switch
        {
            "if" => If(tokens),
            "for" => JinjaLoops.For(tokens),
            "set" => Set(tokens),
            "macro" => Macro(tokens),
            "break" => Simple(tokens, JinjaFlow.Break),
            "continue" => Simple(tokens, JinjaFlow.Continue),
            // Marks for training which part the assistant said; it prints what is in it.
            "generation" => Within(tokens, "endgeneration"),
            _ => throw tokens.Wrong($"a tag that is built, not `{name}`"),
        };
    }

    public static JinjaStatement Do(Action<JinjaFrame> action) => frame =>
    {
        frame.Spend(1);
        action(frame);
        return JinjaFlow.Next;
    };

    /// <summary>Skips the block of this name, which has nothing in it.</summary>
    public static void Close(JinjaTokens tokens, string name)
    {
        tokens.Take();
        tokens.Demand(name);
        tokens.End();
    }

    private static JinjaStatement Simple(JinjaTokens tokens, JinjaFlow flow)
    {
        tokens.End();
        return _ => flow;
    }

    private static JinjaStatement Within(JinjaTokens tokens, string end)
    {
        tokens.End();
        var body = Body(tokens, end);
        Close(tokens, end);
        return body;
    }

    private static JinjaStatement If(JinjaTokens tokens)
    {
        var branches = new List<(JinjaExpression Condition, JinjaStatement Body)>();
        var condition = JinjaExpressions.ParseTuple(tokens);
        while (true)
        {
            tokens.End();
            branches.Add((condition, Body(tokens, "elif", "else", "endif")));
            tokens.Take();
            if (tokens.Skip("elif"))
            {
                condition = JinjaExpressions.ParseTuple(tokens);
            }
            else if (tokens.Skip("else"))
            {
                condition = _ => true;
            }
            else
            {
                tokens.Demand("endif");
                tokens.End();
                break;
            }
        }

        return frame =>
        {
            frame.Spend(1);
            foreach (var (holds, body) in branches)
                if (JinjaValues.IsTrue(holds(frame)))
                    return body(frame);
            return JinjaFlow.Next;
        };
    }

    private static JinjaStatement Set(JinjaTokens tokens)
    {
        var target = JinjaTarget.Parse(tokens);
        if (tokens.Skip("="))
        {
            var value = JinjaExpressions.ParseTuple(tokens);
            tokens.End();
            return Do(frame => target.Set(frame, value(frame)));
        }

        object? written = null;
        var filters = JinjaExpressions.Filters(tokens, _ => written);
        tokens.End();
        var body = Body(tokens, "endset");
        Close(tokens, "endset");
        return Do(frame =>
        {
            var apart = frame.Apart();
            body(apart);
            written = apart.Output.ToString();
            target.Set(frame, filters(frame));
        });
    }

    private static JinjaStatement Macro(JinjaTokens tokens)
    {
        var name = tokens.Name();
        var parameters = new List<(string Name, JinjaExpression? Default)>();
        tokens.Demand("(");
        while (!tokens.Skip(")"))
        {
            if (parameters.Count > 0)
                tokens.Demand(",");
            var parameter = tokens.Name();
            parameters.Add((parameter, tokens.Skip("=") ? JinjaExpressions.Parse(tokens) : null));
        }

        tokens.End();
        var body = Body(tokens, "endmacro");
        Close(tokens, "endmacro");
        return Do(frame => frame.Set(name, (JinjaFunction)((values, named) => frame.Call(() =>
        {
            var inner = frame.Apart();
            if (values.Count > parameters.Count)
                throw new JinjaException($"macro '{name}' takes not more than {parameters.Count} argument(s)");
            for (var at = 0; at < parameters.Count; at++)
            {
                var (parameter, otherwise) = parameters[at];
                inner.Set(parameter, at < values.Count ? values[at] : named.TryGetValue(parameter, out var given) ? given : otherwise?.Invoke(inner) ?? (otherwise is null ? new Undefined($"parameter '{parameter}' was not provided") : null));
            }

            body(inner);
            return inner.Output.ToString();
        }))));
    }
}
