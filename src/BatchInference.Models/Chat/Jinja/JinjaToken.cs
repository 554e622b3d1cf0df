namespace BatchInference.Models.Chat.Jinja;

internal enum JinjaTokenKind
{
    /// <summary>Text outside of tags.</summary>
    Text,

    /// <summary>Start of <c>{{ … }}</c>; its tokens follow, then <see cref="End"/>.</summary>
    Print,

    /// <summary>Start of <c>{% … %}</c>; its tokens follow, then <see cref="End"/>.</summary>
    Block,

    End,
    Name,
    String,
    Integer,
    Float,
    Operator,
    Eof,
}

/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text; of a string its value.</param>
/// <param name="Line">Where it stands, from 1.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int Line)
{
    public bool Is(string text) => Kind is JinjaTokenKind.Operator or JinjaTokenKind.Name && Text == text;
}
