namespace BatchInference.Models.Chat.Jinja;

/// <summary>A template is wrong, asks for what is not built, or raised an error of its own.</summary>
internal sealed class JinjaException : Exception
{
    public JinjaException(string message)
        : base(message)
    {
    }

    public JinjaException(string message, Exception cause)
        : base(message, cause)
    {
    }

    public JinjaException()
    {
    }
}
