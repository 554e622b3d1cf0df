namespace BatchInference.Models.Chat.Jinja;

/// <summary>
/// A template of the Jinja 3 language, as far as chat templates of models use it, rendered as transformers 4.57 sets Jinja up: blocks trimmed, nothing escaped, nothing
/// changeable, loop controls on. What is not built is refused by name. Templates come with models: rendering is bounded in steps, depth and length, and reaches nothing but its values.
/// </summary>
internal sealed class JinjaTemplate
{
    private const int MostCharacters = 1_000_000;

    private readonly JinjaStatement body;

    private JinjaTemplate(JinjaStatement body) => this.body = body;

    /// <summary>Parses a template.</summary>
    /// <exception cref="JinjaException">It is wrong, or uses what is not built; the message names line and cause.</exception>
    public static JinjaTemplate Parse(string template)
    {
        if (template.Length > MostCharacters)
            throw new JinjaException($"the chat template has more than {MostCharacters} characters");
        var tokens = new JinjaTokens(JinjaLexer.Cut(template));
        var body = JinjaStatements.Body(tokens);
        return tokens.Current.Kind == JinjaTokenKind.Eof ? new JinjaTemplate(body) : throw tokens.Wrong("no further tag");
    }

    /// <summary>Renders it.</summary>
    /// <param name="names">What the template is given, beside the functions that every template has.</param>
    /// <param name="now">What <c>strftime_now</c> tells.</param>
    /// <exception cref="JinjaException">The template raised an error, did what Python would not allow, or takes too much.</exception>
    public string Render(IEnumerable<KeyValuePair<string, object?>> names, DateTimeOffset now)
    {
        var globals = new JinjaFrame(JinjaFunctions.All(now));
        var frame = globals.Inner();
        foreach (var (name, value) in names)
            frame.Set(name, value);
        try
        {
            body(frame);
            return frame.Output.ToString();
        }
        catch (InsufficientExecutionStackException error)
        {
            throw new JinjaException("the template nests too deep", error);
        }
        catch (InvalidOperationException error) when (error.InnerException is JinjaException cause)
        {
            // Sorting wraps what a comparison throws.
            throw new JinjaException(cause.Message, error);
        }
        catch (Exception error) when (error is ArgumentException or ArithmeticException or InvalidCastException or IndexOutOfRangeException or InvalidOperationException)
        {
            // Python, too, raises an error where a test lacks its argument or a number is no divisor; only its name is another.
            throw new JinjaException($"the template does what cannot be done: {error.Message}", error);
        }
    }
}
