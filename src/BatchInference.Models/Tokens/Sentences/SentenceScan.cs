namespace BatchInference.Models.Tokens.Sentences;

/// <summary>Walks through one block and stops at the end of each sentence.</summary>
internal struct SentenceScan(string text, TextRange block)
{
    // How far a look aside goes at most, so that a hostile text costs no more than its length.
    private const int Reach = 128;

    private readonly int end = block.End;
    private int start = block.Start;

    // Straight quotes look the same at both ends: which of them it is follows from its neighbours or, failing that, from the one before.
    private bool quoted;

    /// <summary>The next sentence; null when the block is through.</summary>
    public TextRange? Next()
    {
        while (start < end && char.IsWhiteSpace(text[start]))
            start++;
        if (start == end)
            return null;

        var (from, stop) = (start, end);
        for (var at = start; at < end;)
        {
            if (text[at] == '"')
                quoted = OpensQuote(at);
            if (!IsStop(text[at]))
            {
                at++;
                continue;
            }

            var mark = Mark(from, at);
            if (mark.Ends)
            {
                stop = mark.End;
                break;
            }

            at = mark.End;
        }

        start = stop;
        while (stop > from && char.IsWhiteSpace(text[stop - 1]))
            stop--;
        return new TextRange(from, stop - from);
    }

    private static bool IsStop(char character) => character is '.' or '!' or '?' or '…' || IsUnambiguous(character);

    // Stops of scripts that use them for nothing else, and need no blank behind them.
    private static bool IsUnambiguous(char character) => character is '。' or '！' or '？' or '｡' or '؟' or '۔' or '।' or '॥' or '።' or '។' or '။' or '‼' or '⁇' or '⁈' or '⁉';

    private readonly bool OpensQuote(int at)
    {
        var blankBefore = at == block.Start || char.IsWhiteSpace(text[at - 1]) || text[at - 1] is '(' or '[' or '\'' or '’' or '«' or '“';
        var blankAfter = at + 1 >= end || char.IsWhiteSpace(text[at + 1]) || text[at + 1] is ',' or ';' or ')' or ']';
        return blankBefore == blankAfter ? !quoted : blankBefore;
    }

    // Looks at the stop at `at`: is it the end of the sentence that began at `from`, and where does what belongs to it end?
    private (int End, bool Ends) Mark(int from, int at)
    {
        var run = at;
        while (run < end && IsStop(text[run]))
            run++;
        while (run + 1 < end && text[run] == ' ' && text[run + 1] == '.')
            run += 2;
        var behind = Closers(run);
        if (behind >= end)
            return (end, true);
        if (IsUnambiguous(text[run - 1]))
            return (behind, true);

        // "(!)", "[...]" stand for themselves; "..." before the first word begins; a row of points leads to a page number.
        var bracketed = at > from && text[at - 1] is '(' or '[' && behind > run;
        if (bracketed || at == from || run - at > 4)
            return (behind, false);

        var isPoint = run - at == 1 && text[at] == '.';
        return char.IsWhiteSpace(text[behind])
            ? (behind, EndsBeforeBlank(from, at, behind, isPoint))
            : (behind, EndsWithoutBlank(from, at, behind, isPoint));
    }

    // Quotes, brackets and note marks that close behind a stop.
    private int Closers(int at)
    {
        while (at < end)
        {
            var character = text[at];
            if (character is '”' or '»' or ')' or ']' or '}' or '›' or '」' or '』' or '）' or '】' or '¹' or '²' or '³')
                at++;
            else if (character is '’' or '\'' or '*' or '_' && (at + 1 >= end || char.IsWhiteSpace(text[at + 1]) || text[at + 1] is '»' or '"'))
                at++;
            else if (character == '"' && !OpensQuote(at))
                (quoted, at) = (false, at + 1);
            else if (character == '[' && NoteEnd(at) is var note and > 0)
                at = note;
            else if (character is ' ' or '\u00A0' or '\u202F' && at + 1 < end && (text[at + 1] is '»' || (text[at + 1] == '"' && quoted && (at + 2 >= end || char.IsWhiteSpace(text[at + 2])))))
                at++;
            else
                break;
        }

        return at;
    }

    // "[12]"
    private readonly int NoteEnd(int at)
    {
        var digit = at + 1;
        while (digit < end && digit - at < 5 && char.IsAsciiDigit(text[digit]))
            digit++;
        return digit > at + 1 && digit < end && text[digit] == ']' ? digit + 1 : 0;
    }

    private readonly bool EndsBeforeBlank(int from, int at, int behind, bool isPoint)
    {
        var next = SkipBlanks(behind);
        if (next >= end)
            return true;
        var word = next;
        var (bracket, quote, dash) = (false, false, false);
        for (; word < end && word - next < Reach; word++)
        {
            var character = text[word];
            if (character is '(' or '[' or '{')
                bracket = true;
            else if (character is '«' or '“' or '"' or '„' or '‘' or '‹' or '\'' or '¿' or '¡')
                quote = true;
            else if (character is '-' or '–' or '—' or '•' or '▪' or '*' or '·')
                dash = true;
            else if (!char.IsWhiteSpace(character))
                break;
        }

        if (word >= end)
            return false;
        var first = text[word];
        if (char.IsLower(first) && !quote)
            return false;
        if (!char.IsLetterOrDigit(first) && !char.IsSurrogate(first) && first is not ('.' or '…' or '$' or '£' or '€' or '@' or '#'))
            return false;
        if (!isPoint || behind > at + 1)
            return !char.IsLower(first) || !bracket;
        return !IsAbbreviation(from, at, word, dash);
    }

    // "retards.Ces": a capital word glued to the stop. Addresses, file and product names have such points too.
    private readonly bool EndsWithoutBlank(int from, int at, int behind, bool isPoint)
    {
        var word = behind;
        while (word < end && word - behind < 4 && text[word] is '«' or '“' or '"' or '(' or '[' or '\u00A0' or '\u202F' or '—' or '–')
            word++;
        if (word >= end || !char.IsUpper(text[word]))
            return word > behind && word < end && text[word - 1] is '"' or '«' or '“' && isPoint && char.IsLower(text[at - 1]) && char.IsLetter(text[word]) && !IsAddress(at);
        var second = word + 1 < end ? text[word + 1] : ' ';
        if (!char.IsLower(second) && second is not ('\'' or '’' or ' ' or '\u00A0') && !IsShouted(word))
            return false;
        if (!isPoint)
            return !IsAddress(at);
        var letters = at;
        while (letters > from && at - letters < 3 && char.IsLetterOrDigit(text[letters - 1]))
            letters--;
        var endsWord = at - letters >= 2 || (at > from && (char.IsDigit(text[at - 1]) || text[at - 1] is ')' or '»' or '"' or '”' or '%' or '€'));
        return endsWord && !IsAddress(at) && !IsAbbreviation(from, at, word, dash: false);
    }

    // "alliés.BENOÎT": a heading in capitals, longer than the ending of a file's name.
    private readonly bool IsShouted(int word)
    {
        var stop = SentenceWords.WordEnd(text, word, end);
        for (var at = word; at < stop; at++)
            if (!char.IsUpper(text[at]))
                return false;
        return stop - word > 4;
    }

    private readonly bool IsAbbreviation(int from, int at, int next, bool dash)
    {
        var start = at;
        while (start > from && at - start < 16 && IsPartOfAbbreviation(text[start - 1]))
            start--;
        var word = text.AsSpan(start, at - start).TrimStart('-').TrimStart('.');
        start = at - word.Length;
        if (word.IsEmpty)
            return false;

        var isNumber = IsNumber(word);
        if (isNumber || word.Length == 1 || SentenceWords.IsRoman(word))
        {
            // "12. Le comité", "A. Objet", "IV. Conclusion": the number of what follows. So is that of "Article 2. – Un plan".
            var ofPart = SentenceWords.NamesPart(WordBefore(from, start));
            if (IsBlankBetween(from, start) || (dash && (isNumber || ofPart)) || (isNumber && ofPart))
                return true;
        }

        if (isNumber)
            return false;
        if (word is not "m" && SentenceWords.PointsForward(word))
            return true;
        var digit = char.IsDigit(text[next]);
        var nextWord = text.AsSpan(next, SentenceWords.WordEnd(text, next, end) - next);
        if (SentenceWords.TakesNumber(word) && (digit || SentenceWords.IsRoman(nextWord) || (nextWord.Length == 1 && next + 1 < end && text[next + 1] == '.')))
            return true;
        if (SentenceWords.MayEnd(word) || IsInitials(word))
            return digit || !SentenceWords.StartsSentence(text, next, end);
        return false;
    }

    private static bool IsPartOfAbbreviation(char character) => char.IsLetterOrDigit(character) || character is '.' or '-' or '°' or 'º' or '§';

    // "12", "1er", "2e", "3.1"
    private static bool IsNumber(ReadOnlySpan<char> word) => char.IsAsciiDigit(word[0]) && (word.Length < 5 || !word.ContainsAnyExceptInRange('.', '9'));

    // "J", "J.-P", "U.S", "S.N.C.F": capitals, each alone.
    private static bool IsInitials(ReadOnlySpan<char> word)
    {
        if (word.Length == 1)
            return char.IsUpper(word[0]);
        for (var at = 0; at < word.Length; at++)
        {
            if (!char.IsLetter(word[at]))
                continue;
            if (!char.IsUpper(word[at]) && at > 0 && word[at - 1] is not ('.' or '-'))
                return false;
            if (at > 0 && char.IsLetter(word[at - 1]))
                return false;
        }

        return word.Contains('.');
    }

    private readonly bool IsBlankBetween(int from, int to)
    {
        // What may stand before the number of a list item: a bracket, a dash; not a word.
        if (to - from > 4)
            return false;
        for (var at = from; at < to; at++)
            if (char.IsLetterOrDigit(text[at]))
                return false;
        return true;
    }

    private readonly ReadOnlySpan<char> WordBefore(int from, int at)
    {
        while (at > from && (char.IsWhiteSpace(text[at - 1]) || text[at - 1] == '.'))
            at--;
        var start = at;
        while (start > from && at - start < 16 && char.IsLetter(text[start - 1]))
            start--;
        return text.AsSpan(start, at - start);
    }

    // An internet or mail address, a path, a name with several points: what has no blank around the stop.
    private readonly bool IsAddress(int at)
    {
        var first = at;
        while (first > block.Start && at - first < Reach && !char.IsWhiteSpace(text[first - 1]))
            first--;
        var last = at;
        while (last < end && last - at < Reach && !char.IsWhiteSpace(text[last]))
            last++;
        var word = text.AsSpan(first, last - first);
        if (word.Contains("://", StringComparison.Ordinal) || word.Contains('@') || word.StartsWith("www.", StringComparison.OrdinalIgnoreCase))
            return true;
        var points = 0;
        for (var index = 1; index + 1 < word.Length; index++)
            if (word[index] == '.' && char.IsLetter(word[index - 1]) && char.IsLetter(word[index + 1]))
                points++;
        return points > 1;
    }

    private readonly int SkipBlanks(int at)
    {
        while (at < end && char.IsWhiteSpace(text[at]))
            at++;
        return at;
    }
}
