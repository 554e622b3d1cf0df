using System.Globalization;
using System.Text;

namespace BatchInference.Documents.Extraction;

/// <summary>RTF (version 1.9.1): running text with paragraphs, tables and footnotes; fonts, pictures, headers and hidden text left out.</summary>
internal sealed class RtfExtractor : TextExtractor
{
    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Rtf];

    public override int Revision => 1;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        content.CopyTo(buffer);
        var text = new TextBuilder(limits);
        var reader = new Reader(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), text);
        reader.Read(cancellationToken);
        return text.Build(mediaType).With(reader.Metadata);
    }

    /// <summary>One pass over the bytes; groups are a stack of states, bounded.</summary>
    private sealed class Reader(ReadOnlyMemory<byte> content, TextBuilder text)
    {
        private const int DeepestGroup = 1000;

        // Groups whose text is not the document's.
        private static readonly HashSet<string> LeftOut = new(StringComparer.Ordinal)
        {
            "fonttbl", "colortbl", "stylesheet", "listtable", "listoverridetable", "rsidtbl", "generator", "pict", "object", "objdata", "themedata", "colorschememapping", "latentstyles", "datastore", "xmlnstbl", "filetbl", "revtbl",
            "header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf", "fldinst", "pgptbl", "mmathPr", "nonshppict", "shppict", "bkmkstart", "bkmkend", "xe", "tc", "tcn", "rxe", "annotation", "atnid", "atnauthor", "deleted", "private1", "wgrffmtfilter", "listtext", "pntext", "pnseclvl", "shpinst", "info",
        };

        private static readonly HashSet<string> Told = new(StringComparer.Ordinal) { "title", "author", "subject", "keywords" };

        private readonly Stack<State> groups = new();
        private readonly Dictionary<int, Encoding> fonts = [];
        private readonly List<byte> bytes = [];
        private readonly StringBuilder told = new();
        private Encoding usual = Ansi(1252);
        private State state = new(null, false, 1, null, null);
        private int at;
        private int fontBeingRead = -1;
        private int skip;
        private int cells;

        public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

        public void Read(CancellationToken cancellationToken)
        {
            var steps = 0;
            while (at < content.Length)
            {
                if ((++steps & 4095) == 0) cancellationToken.ThrowIfCancellationRequested();
                var value = content.Span[at++];
                switch (value)
                {
                    case (byte)'{':
                        Flush();
                        if (groups.Count >= DeepestGroup) throw new DocumentException("The RTF document is nested too deeply to be read.", permanent: true);
                        groups.Push(state);
                        break;
                    case (byte)'}':
                        Flush();
                        EndTold();
                        if (groups.Count > 0) state = groups.Pop();
                        break;
                    case (byte)'\\':
                        Control();
                        break;
                    case (byte)'\r' or (byte)'\n':
                        break;
                    default:
                        Byte(value);
                        break;
                }
            }

            Flush();
        }

        private void Control()
        {
            if (at >= content.Length) return;
            var span = content.Span;
            var first = span[at];
            if (!char.IsAsciiLetter((char)first))
            {
                at++;
                Symbol((char)first);
                return;
            }

            var start = at;
            while (at < span.Length && char.IsAsciiLetter((char)span[at]) && at - start < 32) at++;
            var word = Encoding.ASCII.GetString(span[start..at]);
            var numbered = at;
            if (at < span.Length && span[at] == '-') at++;
            while (at < span.Length && char.IsAsciiDigit((char)span[at]) && at - numbered < 11) at++;
            int? number = int.TryParse(Encoding.ASCII.GetString(span[numbered..at]), CultureInfo.InvariantCulture, out var parsed) ? parsed : null;
            if (at < span.Length && span[at] == ' ') at++;
            Word(word, number);
        }

        private void Symbol(char symbol)
        {
            switch (symbol)
            {
                case '\'' when at + 2 <= content.Length && byte.TryParse(Encoding.ASCII.GetString(content.Span.Slice(at, 2)), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value):
                    at += 2;
                    Byte(value);
                    break;
                case '*':
                    // What a reader that does not know the group is to ignore; footnotes and fields are known by their own words.
                    state = state with { Ignorable = "*" };
                    break;
                case '~':
                    Character(' ');
                    break;
                case '_':
                    Character('-');
                    break;
                case '\r' or '\n':
                    End(paragraph: true);
                    break;
                case '\\' or '{' or '}':
                    Character(symbol);
                    break;
            }
        }

        private void Word(string word, int? number)
        {
            if (state.Ignorable is not null && word is not ("fldrslt" or "footnote" or "shptxt")) state = state with { Skipped = word };
            state = state with { Ignorable = null };
            if (word == "shptxt") state = state with { Skipped = null };
            switch (word)
            {
                case "u" when number is { } code:
                    Flush();
                    Character((char)(ushort)code);
                    skip = state.Replacements;
                    return;
                case "uc":
                    state = state with { Replacements = Math.Clamp(number ?? 1, 0, 8) };
                    return;
                case "bin":
                    at = (int)Math.Min(content.Length, (long)at + Math.Max(0, number ?? 0));
                    return;
                case "ansicpg":
                    usual = Ansi(number ?? 1252);
                    return;
                case "mac":
                    usual = Ansi(10000);
                    return;
                case "pc":
                    usual = Ansi(437);
                    return;
                case "pca":
                    usual = Ansi(850);
                    return;
                case "f" when number is { } font:
                    Flush();
                    if (state.Skipped == "fonttbl") fontBeingRead = font;
                    else state = state with { Encoding = fonts.GetValueOrDefault(font) };
                    return;
                case "fcharset" when number is { } set && fontBeingRead >= 0:
                    if (CodePage(set) is { } page) fonts[fontBeingRead] = Ansi(page);
                    return;
                case "plain":
                    Flush();
                    state = state with { Hidden = false, Encoding = null };
                    return;
                case "v":
                    Flush();
                    state = state with { Hidden = number != 0 };
                    return;
            }

            if (state.Skipped == "info" && Told.Contains(word))
            {
                Flush();
                state = state with { Skipped = word };
            }
            else if (LeftOut.Contains(word))
            {
                Flush();
                state = state with { Skipped = word };
            }
            else if (state.Skipped is null && !state.Hidden)
            {
                Text(word);
            }
        }

        private void Text(string word)
        {
            switch (word)
            {
                case "par" or "sect":
                    End(paragraph: true);
                    break;
                case "line" or "lbr":
                    End(paragraph: false);
                    break;
                case "page" or "column":
                    End(paragraph: true);
                    break;
                case "tab":
                    Character(' ');
                    break;
                case "cell" or "nestcell":
                    Flush();
                    cells++;
                    break;
                case "row" or "nestrow":
                    Flush();
                    cells = 0;
                    text.EndLine();
                    break;
                case "footnote":
                    Flush();
                    text.Append(" (");
                    state = state with { Closing = ")" };
                    break;
                case "lquote":
                    Character('‘');
                    break;
                case "rquote":
                    Character('’');
                    break;
                case "ldblquote":
                    Character('“');
                    break;
                case "rdblquote":
                    Character('”');
                    break;
                case "emdash":
                    Character('—');
                    break;
                case "endash":
                    Character('–');
                    break;
                case "bullet":
                    Character('•');
                    break;
                case "emspace" or "enspace" or "qmspace":
                    Character(' ');
                    break;
            }
        }

        private void End(bool paragraph)
        {
            Flush();
            if (state.Skipped is not null || state.Hidden) return;
            if (state.Closing is not null || cells > 0) text.Append(" ");
            else if (paragraph) text.EndParagraph();
            else text.EndLine();
        }

        private void Byte(byte value)
        {
            if (skip > 0)
            {
                skip--;
                return;
            }

            bytes.Add(value);
        }

        private readonly char[] unit = new char[2];
        private int units;

        private void Character(char character)
        {
            Flush();
            unit[units++] = character;
            if (char.IsHighSurrogate(character) && units == 1) return;
            Emit(unit.AsSpan(0, units));
            units = 0;
        }

        private void Flush()
        {
            skip = 0;
            if (bytes.Count == 0) return;
            Emit((state.Encoding ?? usual).GetString([.. bytes]));
            bytes.Clear();
        }

        private void Emit(ReadOnlySpan<char> characters)
        {
            if (state.Skipped is { } told0 && Told.Contains(told0))
            {
                if (told.Length < 2000) told.Append(characters);
                return;
            }

            if (state.Skipped is not null || state.Hidden) return;
            if (cells > 0 && !characters.IsWhiteSpace() && pendingCells != cells)
            {
                text.Append(" | ");
                pendingCells = cells;
            }

            if (cells == 0) pendingCells = 0;
            text.Append(characters);
        }

        private int pendingCells;

        private void EndTold()
        {
            if (state.Closing is { } closing && (groups.Count == 0 || groups.Peek().Closing is null)) text.Append(closing);
            if (told.Length == 0 || state.Skipped is null) return;
            Metadata.TryAdd(state.Skipped, told.ToString().Trim());
            told.Clear();
        }

        private static Encoding Ansi(int page) => TextEncodings.OfCodePage(page) ?? TextEncodings.Ansi;

        private static int? CodePage(int set) => set switch
        {
            0 or 1 => null,
            77 => 10000,
            128 => 932,
            129 => 949,
            134 => 936,
            136 => 950,
            161 => 1253,
            162 => 1254,
            163 => 1258,
            177 => 1255,
            178 => 1256,
            186 => 1257,
            204 => 1251,
            222 => 874,
            238 => 1250,
            _ => null,
        };

        /// <param name="Skipped">The word of the group whose text is left out; null where text counts.</param>
        /// <param name="Hidden">True for hidden text.</param>
        /// <param name="Replacements">Characters behind a Unicode one that stand for it in old readers.</param>
        /// <param name="Encoding">That of the font; null for the document's.</param>
        /// <param name="Ignorable">Not null directly behind the mark of a group that may be ignored.</param>
        private sealed record State(string? Skipped, bool Hidden, int Replacements, Encoding? Encoding, string? Ignorable)
        {
            /// <summary>What is written when the group ends.</summary>
            public string? Closing { get; init; }
        }
    }
}
