namespace BatchInference.Models.Chat.Jinja;

/// <summary>The <c>for</c> block and its <c>loop</c>.</summary>
internal static class JinjaLoops
{
    public static JinjaStatement For(JinjaTokens tokens)
    {
        var target = JinjaTarget.Parse(tokens);
        tokens.Demand("in");
        var source = ParseSource(tokens);
        var condition = tokens.Skip("if") ? JinjaExpressions.Parse(tokens) : null;
        if (tokens.Current.Is("recursive"))
            throw tokens.Wrong("a loop that is built, not a recursive one");
        tokens.End();
        var body = JinjaStatements.Body(tokens, "else", "endfor");
        JinjaStatement? otherwise = null;
        tokens.Take();
        if (tokens.Skip("else"))
        {
            tokens.End();
            otherwise = JinjaStatements.Body(tokens, "endfor");
            tokens.Take();
        }

        tokens.Demand("endfor");
        tokens.End();
        return frame =>
        {
            var entries = Chosen(frame, target, source(frame), condition);
            for (var at = 0; at < entries.Count; at++)
            {
                frame.Spend(1);
                var inner = frame.Inner();
                target.Set(inner, entries[at]);
                inner.Set("loop", new JinjaLoop(entries, at));
                if (body(inner) == JinjaFlow.Break)
                    break;
            }

            return entries.Count == 0 && otherwise is not null ? otherwise(frame.Inner()) : JinjaFlow.Next;
        };
    }

    // The source may be several values, but an `if` behind it belongs to the loop.
    private static JinjaExpression ParseSource(JinjaTokens tokens)
    {
        var first = JinjaExpressions.Or(tokens);
        if (!tokens.Current.Is(","))
            return first;
        var parts = new List<JinjaExpression> { first };
        while (tokens.Skip(","))
            parts.Add(JinjaExpressions.Or(tokens));
        return frame => parts.ConvertAll(part => part(frame));
    }

    private static IReadOnlyList<object?> Chosen(JinjaFrame frame, JinjaTarget target, object? source, JinjaExpression? condition)
    {
        var entries = JinjaValues.Entries(source);
        if (condition is null)
            return entries;
        return [.. entries.Where(entry =>
        {
            var inner = frame.Inner();
            target.Set(inner, entry);
            return JinjaValues.IsTrue(condition(inner));
        })];
    }
}
