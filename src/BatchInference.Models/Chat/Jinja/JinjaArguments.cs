namespace BatchInference.Models.Chat.Jinja;

/// <summary>What stands between the parentheses of a call.</summary>
internal sealed class JinjaArguments
{
    private readonly List<JinjaExpression> values = [];
    private readonly List<(string Name, JinjaExpression Value)> named = [];

    public static JinjaArguments None { get; } = new();

    public static JinjaArguments Of(JinjaExpression value) => new() { values = { value } };

    public static JinjaArguments Parse(JinjaTokens tokens)
    {
        var arguments = new JinjaArguments();
        tokens.Demand("(");
        for (var first = true; !tokens.Skip(")"); first = false)
        {
            if (!first)
            {
                tokens.Demand(",");
                if (tokens.Skip(")"))
                    break;
            }

            if (tokens.Current.Kind == JinjaTokenKind.Name && tokens.Following.Is("="))
            {
                var name = tokens.Name();
                tokens.Demand("=");
                arguments.named.Add((name, JinjaExpressions.Parse(tokens)));
            }
            else
            {
                arguments.values.Add(JinjaExpressions.Parse(tokens));
            }
        }

        return arguments;
    }

    public IReadOnlyList<object?> Values(JinjaFrame frame) => values.ConvertAll(value => value(frame));

    public IReadOnlyDictionary<string, object?> Named(JinjaFrame frame)
    {
        var given = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in named)
            given[name] = value(frame);
        return given;
    }
}
