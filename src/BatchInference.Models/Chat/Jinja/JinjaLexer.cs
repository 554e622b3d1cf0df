using System.Text;

namespace BatchInference.Models.Chat.Jinja;

/// <summary>Cuts a template into tokens, with the blanks as Jinja 3 leaves them under <c>trim_blocks</c> and <c>lstrip_blocks</c>, which is how transformers sets it.</summary>
internal sealed class JinjaLexer
{
    private static readonly string[] Operators = ["**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ".", ":", "|"];

    private readonly string source;
    private readonly List<JinjaToken> tokens = [];
    private int at;
    private int line = 1;
    private int counted;

    private JinjaLexer(string source) => this.source = source;

    public static List<JinjaToken> Cut(string template)
    {
        // Line ends are one line feed, and a single one at the very end is no part of the template.
        var source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (source.EndsWith('\n'))
            source = source[..^1];
        var lexer = new JinjaLexer(source);
        lexer.All();
        lexer.Add(JinjaTokenKind.Eof, "");
        return lexer.tokens;
    }

    private void All()
    {
        while (at < source.Length)
        {
            var tag = NextTag(at);
            if (tag < 0)
            {
                Add(JinjaTokenKind.Text, source[at..]);
                at = source.Length;
                return;
            }

            var kind = source[tag + 1];
            var sign = tag + 2 < source.Length ? source[tag + 2] : ' ';
            AddText(source[at..tag], kind, sign);
            at = tag + (sign is '-' or '+' ? 3 : 2);
            if (kind == '#')
                Comment();
            else if (kind == '%' && RawEnd() is { } raw)
                Raw(raw);
            else
                Inside(kind);
        }
    }

    private int NextTag(int from)
    {
        for (var brace = source.IndexOf('{', from); brace >= 0 && brace + 1 < source.Length; brace = source.IndexOf('{', brace + 1))
            if (source[brace + 1] is '{' or '%' or '#')
                return brace;
        return -1;
    }

    private void AddText(string text, char kind, char sign)
    {
        if (sign == '-')
        {
            text = text.TrimEnd();
        }
        else if (kind != '{' && sign != '+')
        {
            // Blanks between the beginning of the line and a block are its indentation.
            var bare = text.TrimEnd(' ', '\t');
            var atLineStart = bare.Length > 0 ? bare[^1] == '\n' : tokens.Count == 0 || (at > 0 && source[at - 1] == '\n');
            text = atLineStart ? bare : text;
        }

        if (text.Length > 0)
            Add(JinjaTokenKind.Text, text);
    }

    private void Comment()
    {
        var end = source.IndexOf("#}", at, StringComparison.Ordinal);
        if (end < 0)
            throw Wrong("a comment that does not end");
        var sign = end > at ? source[end - 1] : ' ';
        at = end + 2;
        AfterBlock(sign);
    }

    private void AfterBlock(char sign)
    {
        if (sign == '-')
            SkipBlanks();
        else if (sign != '+' && at < source.Length && source[at] == '\n')
            at++;
    }

    private void SkipBlanks()
    {
        while (at < source.Length && char.IsWhiteSpace(source[at]))
            at++;
    }

    // The position behind `{% raw %}` when that is what stands here.
    private int? RawEnd()
    {
        var match = System.Text.RegularExpressions.Regex.Match(source[at..Math.Min(source.Length, at + 40)], @"^\s*raw\s*[-+]?%\}");
        return match.Success ? at + match.Length : null;
    }

    private void Raw(int begin)
    {
        var end = System.Text.RegularExpressions.Regex.Match(source[begin..], @"\{%[-+]?\s*endraw\s*[-+]?%\}");
        if (!end.Success)
            throw Wrong("raw text that does not end");
        var text = source.Substring(begin, end.Index);
        text = source[begin - 3] == '-' ? text.TrimStart() : text.StartsWith('\n') ? text[1..] : text;
        Add(JinjaTokenKind.Text, end.Value.StartsWith("{%-", StringComparison.Ordinal) ? text.TrimEnd() : text);
        at = begin + end.Index + end.Length;
        AfterBlock(end.Value[^3]);
    }

    private void Inside(char kind)
    {
        Add(kind == '{' ? JinjaTokenKind.Print : JinjaTokenKind.Block, "");
        var close = kind == '{' ? "}}" : "%}";
        var braces = 0;
        while (true)
        {
            SkipBlanks();
            if (at >= source.Length)
                throw Wrong("a tag that does not end");
            var sign = source[at] is '-' or '+' && string.CompareOrdinal(source, at + 1, close, 0, 2) == 0 ? source[at] : ' ';
            if (braces == 0 && (sign != ' ' || string.CompareOrdinal(source, at, close, 0, 2) == 0))
            {
                at += sign == ' ' ? 2 : 3;
                Add(JinjaTokenKind.End, "");
                if (kind == '%')
                    AfterBlock(sign);
                else if (sign == '-')
                    SkipBlanks();
                return;
            }

            braces += Token();
        }
    }

    // Reads one token; 1 for an opening brace, -1 for a closing one, else 0.
    private int Token()
    {
        var first = source[at];
        if (first is '\'' or '"')
        {
            Text(first);
            return 0;
        }

        if (char.IsAsciiDigit(first))
        {
            Number();
            return 0;
        }

        if (char.IsLetter(first) || first == '_')
        {
            var begin = at;
            while (at < source.Length && (char.IsLetterOrDigit(source[at]) || source[at] == '_'))
                at++;
            Add(JinjaTokenKind.Name, source[begin..at]);
            return 0;
        }

        var found = Array.Find(Operators, name => string.CompareOrdinal(source, at, name, 0, name.Length) == 0) ?? throw Wrong($"the character `{first}`");
        Add(JinjaTokenKind.Operator, found);
        at += found.Length;
        return found is "{" ? 1 : found is "}" ? -1 : 0;
    }

    private void Number()
    {
        var begin = at;
        while (at < source.Length && (char.IsAsciiDigit(source[at]) || source[at] == '_'))
            at++;
        var whole = !(at + 1 < source.Length && source[at] == '.' && char.IsAsciiDigit(source[at + 1]));
        if (!whole)
            for (at++; at < source.Length && char.IsAsciiDigit(source[at]);)
                at++;
        var exponent = System.Text.RegularExpressions.Regex.Match(source[at..Math.Min(source.Length, at + 8)], @"^[eE][+-]?\d+").Length;
        at += exponent;
        whole &= exponent == 0;
        Add(whole ? JinjaTokenKind.Integer : JinjaTokenKind.Float, source[begin..at].Replace("_", "", StringComparison.Ordinal));
    }

    // The escapes are Python's.
    private void Text(char quote)
    {
        var text = new StringBuilder();
        for (at++; at < source.Length && source[at] != quote; at++)
        {
            if (source[at] != '\\' || at + 1 >= source.Length)
            {
                text.Append(source[at]);
                continue;
            }

            var escape = source[++at];
            var plain = "\\'\"abfnrtv".IndexOf(escape, StringComparison.Ordinal);
            if (plain >= 0)
                text.Append("\\'\"\a\b\f\n\r\t\v"[plain]);
            else if (escape is 'x' or 'u' or 'U')
                text.Append(CodePoint(escape is 'x' ? 2 : escape is 'u' ? 4 : 8));
            else if (escape != '\n')
                text.Append('\\').Append(escape);
        }

        if (at >= source.Length)
            throw Wrong("a string that does not end");
        at++;
        Add(JinjaTokenKind.String, text.ToString());
    }

    private string CodePoint(int digits)
    {
        if (at + digits >= source.Length || !int.TryParse(source.AsSpan(at + 1, digits), System.Globalization.NumberStyles.HexNumber, null, out var point) || point is < 0 or > 0x10FFFF)
            throw Wrong("an escape without its digits");
        at += digits;
        return point is >= 0xD800 and < 0xE000 ? ((char)point).ToString() : char.ConvertFromUtf32(point);
    }

    private void Add(JinjaTokenKind kind, string text) => tokens.Add(new JinjaToken(kind, text, Line()));

    private int Line()
    {
        var to = Math.Min(at, source.Length);
        line += source.AsSpan(counted, to - counted).Count('\n');
        counted = to;
        return line;
    }

    private JinjaException Wrong(string found) => new($"Line {Line()} of the chat template: found {found}.");
}
