using System.Globalization;
using System.Text;

namespace BatchInference.Models.Tokens.Patterns;

/// <summary>
/// Reads the part of Oniguruma's pattern language that tokenizers use: sets, properties, groups, alternatives, repetitions, and looking one code point ahead. Anything else is refused by name.
/// </summary>
internal ref struct PatternParser
{
    private const int DeepestGroup = 32;
    private readonly ReadOnlySpan<char> text;
    private int at;
    private int depth;
    private bool ignoreCase;

    private PatternParser(ReadOnlySpan<char> text) => this.text = text;

    /// <exception cref="FormatException">The pattern has a part that is not known; the message is its name.</exception>
    public static PatternNode Parse(ReadOnlySpan<char> text)
    {
        var parser = new PatternParser(text);
        var node = parser.Alternatives();
        return parser.at == text.Length ? node : throw parser.Unknown(")");
    }

    private PatternNode Alternatives()
    {
        if (++depth > DeepestGroup)
            throw Unknown("groups nested that deeply");
        var parts = new List<PatternNode> { Sequence() };
        while (Take('|'))
            parts.Add(Sequence());
        depth--;
        return parts.Count == 1 ? parts[0] : new PatternNode.Choice(parts);
    }

    private PatternNode Sequence()
    {
        var parts = new List<PatternNode>();
        while (at < text.Length && text[at] is not ('|' or ')'))
        {
            // Oniguruma then takes single letters (ß, ﬁ, ﬆ) for these pairs, too.
            if (ignoreCase && at + 1 < text.Length && $"{text[at]}{text[at + 1]}".ToUpperInvariant() is "SS" or "FF" or "FI" or "FL" or "ST")
                throw Unknown("letters that ligatures stand for, without regard to case");
            parts.Add(Repetition(Atom()));
        }

        return parts.Count == 1 ? parts[0] : new PatternNode.Chain(parts);
    }

    private PatternNode Repetition(PatternNode part)
    {
        while (at < text.Length && text[at] is '?' or '*' or '+' or '{')
        {
            var start = at;
            var (least, most) = Bounds();
            if (least < 0)
            {
                at = start;
                break;
            }

            var greedy = !Take('?');
            if (text[start] != '{' && Take('+'))
                throw Unknown("possessive repetition");
            part = new PatternNode.Repeat(part, least, most, greedy);
        }

        return part;
    }

    // (-1, 0) for a brace that begins no repetition: it is a letter then, refused for clarity by Atom.
    private (int Least, int Most) Bounds()
    {
        switch (text[at++])
        {
            case '?': return (0, 1);
            case '*': return (0, -1);
            case '+': return (1, -1);
        }

        var least = Number();
        var most = !Take(',') ? least : at < text.Length && text[at] == '}' ? -1 : Number();
        return Take('}') && least >= 0 && (most == -1 || most >= least) ? (least, most) : (-1, 0);
    }

    private int Number()
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        return int.TryParse(text[start..at], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -2;
    }

    private PatternNode Atom()
    {
        switch (text[at])
        {
            case '(':
                return Group();
            case '[':
                return new PatternNode.One(Set());
            case '.':
                at++;
                return new PatternNode.One(new RuneSet { Negated = true }.Add('\n', '\n'));
            case '$':
                at++;
                return new PatternNode.Ahead(new RuneSet().Add('\n', '\n'), true);
            case '\\' when at + 1 < text.Length && text[at + 1] == 'z':
                at += 2;
                return new PatternNode.Ahead(new RuneSet(), true);
            case '^' or '*' or '+' or '?' or '{':
                throw Unknown(text[at].ToString());
            case '\\':
                return new PatternNode.One(Escape());
            default:
                return new PatternNode.One(Letter(Next()));
        }
    }

    private PatternNode Group()
    {
        at++;
        if (!Take('?'))
            return Closed(Alternatives());
        if (Take(':'))
            return Closed(Alternatives());
        if (Take('!') || Take('='))
        {
            var negative = text[at - 1] == '!';
            return Closed(Alternatives()) is PatternNode.One one
                ? new PatternNode.Ahead(negative ? one.Set.Complement() : one.Set, negative)
                : throw Unknown("looking ahead at more than one character");
        }

        if (text[at..].StartsWith("i:") || text[at..].StartsWith("i)"))
        {
            var before = ignoreCase;
            ignoreCase = true;
            at += 2;
            // A bare switch holds to the end of the group that it stands in.
            var node = text[at - 1] == ':' ? Closed(Alternatives()) : Alternatives();
            ignoreCase = before;
            return node;
        }

        throw Unknown($"(?{(at < text.Length ? text[at] : ' ')}");
    }

    private PatternNode Closed(PatternNode node) => Take(')') ? node : throw Unknown("a group without end");

    private RuneSet Set()
    {
        at++;
        if (++depth > DeepestGroup)
            throw Unknown("sets nested that deeply");
        var set = new RuneSet { Negated = Take('^') };
        for (var first = true; first || at >= text.Length || text[at] != ']'; first = false)
        {
            if (at >= text.Length)
                throw Unknown("a set without end");
            if (text[at..].StartsWith("[:") || text[at..].StartsWith("&&"))
                throw Unknown(text.Slice(at, 2).ToString());
            if (text[at] == '[')
                set.Add(Set());
            else
                AddRange(set);
        }

        at++;
        depth--;
        return set;
    }

    private void AddRange(RuneSet set)
    {
        if (Single() is not { } from)
        {
            set.Add(Escape());
            return;
        }

        if (at + 1 >= text.Length || text[at] != '-' || text[at + 1] == ']')
        {
            set.Add(Letter(from));
            return;
        }

        at++;
        if (ignoreCase || Single() is not { } to || to < from)
            throw Unknown($"the range from {char.ConvertFromUtf32(from)}");
        set.Add(from, to);
    }

    // A letter or the escape of one; null, and nothing taken, where a whole set stands.
    private int? Single()
    {
        if (text[at] != '\\')
            return Next();
        var start = at++;
        var letter = at < text.Length ? text[at] : '\0';
        if (char.IsAscii(letter) && !char.IsAsciiLetterOrDigit(letter) && letter != '\0')
            return Next();
        at++;
        switch (letter)
        {
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'v': return '\v';
            case 'f': return '\f';
            case 'x' when Take('{'):
            {
                var end = text[at..].IndexOf('}');
                var value = Hex(end);
                at++;
                return value;
            }

            case 'x': return Hex(2);
            case 'u': return Hex(4);
            default:
                at = start;
                return null;
        }
    }

    private int Hex(int digits)
    {
        if (digits < 1 || at + digits > text.Length || !int.TryParse(text.Slice(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) || !Rune.IsValid(value))
            throw Unknown("a damaged character number");
        at += digits;
        return value;
    }

    private RuneSet Escape()
    {
        if (Single() is { } letter)
            return Letter(letter);
        at++;
        var kind = at < text.Length ? text[at++] : ' ';
        return kind switch
        {
            's' => RuneSet.WhiteSpace(),
            'S' => RuneSet.WhiteSpace().Complement(),
            'd' => RuneSet.Of("Nd"),
            'D' => RuneSet.Of("Nd").Complement(),
            'w' => RuneSet.OnigurumaWord(),
            'W' => RuneSet.OnigurumaWord().Complement(),
            'p' => Property(),
            'P' => Property().Complement(),
            _ => throw Unknown($"\\{kind}"),
        };
    }

    private RuneSet Property()
    {
        var end = text[at..].IndexOf('}');
        if (!Take('{') || end < 0)
            throw Unknown("a property without braces");
        var name = text.Slice(at, end - 1);
        at += end;
        return name.StartsWith("^") ? RuneSet.Of(name[1..].ToString()).Complement() : RuneSet.Of(name.ToString());
    }

    private readonly RuneSet Letter(int rune)
    {
        var set = new RuneSet().Add(rune, rune);
        if (!ignoreCase || !Rune.IsValid(rune))
            return set;
        var (lower, upper) = (Rune.ToLowerInvariant(new Rune(rune)).Value, Rune.ToUpperInvariant(new Rune(rune)).Value);
        set.Add(lower, lower).Add(upper, upper);
        // The letters beyond ASCII that fold to an ASCII one.
        return lower switch
        {
            's' => set.Add(0x17F, 0x17F),
            'k' => set.Add(0x212A, 0x212A),
            _ => set,
        };
    }

    private int Next()
    {
        if (at >= text.Length || Rune.DecodeFromUtf16(text[at..], out var rune, out var length) != 0)
            throw Unknown("a character that is none");
        at += length;
        return rune.Value;
    }

    private bool Take(char letter)
    {
        if (at >= text.Length || text[at] != letter)
            return false;
        at++;
        return true;
    }

    private readonly FormatException Unknown(string part) => new($"{part} at character {at + 1}");
}
