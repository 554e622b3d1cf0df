namespace BatchInference.Models.Tokens;

/// <summary>Text on its way to the tokens: its characters, and for each the stretch of the original text that it stands for.</summary>
internal sealed class AlignedText
{
    private char[] chars = new char[256];
    private TextRange[] origins = new TextRange[256];

    public int Length { get; private set; }

    public ReadOnlySpan<char> Chars => chars.AsSpan(0, Length);

    public ReadOnlySpan<TextRange> Origins => origins.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Takes a stretch of the original text. A lone surrogate, which no tokenizer knows, becomes U+FFFD.</summary>
    public void AppendOriginal(ReadOnlySpan<char> text, TextRange range)
    {
        Reserve(range.Length);
        var letters = chars.AsSpan(Length, range.Length);
        var from = origins.AsSpan(Length, range.Length);
        text.Slice(range.Start, range.Length).CopyTo(letters);
        for (var at = 0; at < from.Length; at++)
            from[at] = new TextRange(range.Start + at, 1);
        Length += range.Length;
        for (var at = letters.IndexOfAnyInRange('\uD800', '\uDFFF'); at >= 0 && at < letters.Length; at++)
        {
            if (!char.IsSurrogate(letters[at]))
                continue;
            if (SizeAt(letters, at) == 1)
            {
                letters[at] = '\uFFFD';
                continue;
            }

            from.Slice(at, 2).Fill(new TextRange(range.Start + at, 2));
            at++;
        }
    }

    public void Append(char letter, TextRange origin)
    {
        Reserve(1);
        (chars[Length], origins[Length]) = (letter, origin);
        Length++;
    }

    public void Append(ReadOnlySpan<char> letters, TextRange origin)
    {
        foreach (var letter in letters)
            Append(letter, origin);
    }

    public void Append(AlignedText other, int start, int length)
    {
        Reserve(length);
        other.chars.AsSpan(start, length).CopyTo(chars.AsSpan(Length));
        other.origins.AsSpan(start, length).CopyTo(origins.AsSpan(Length));
        Length += length;
    }

    /// <summary>Drops the last character.</summary>
    public void Shorten() => Length--;

    /// <summary>Gives the last code point another origin.</summary>
    public void MoveLast(TextRange origin)
    {
        var size = Length > 1 && char.IsLowSurrogate(chars[Length - 1]) ? 2 : 1;
        origins.AsSpan(Length - size, size).Fill(origin);
    }

    /// <summary>The characters, to be changed in their places.</summary>
    public Span<char> Letters => chars.AsSpan(0, Length);

    /// <summary>The stretch of the original text that <paramref name="length"/> characters from <paramref name="start"/> stand for.</summary>
    public TextRange OriginOf(int start, int length)
    {
        if (length == 0)
            return start < Length ? origins[start] with { Length = 0 } : default;
        var first = origins[start].Start;
        return new TextRange(first, Math.Max(0, origins[start + length - 1].End - first));
    }

    /// <summary>How many UTF-16 units the code point at <paramref name="at"/> has.</summary>
    public static int SizeAt(ReadOnlySpan<char> text, int at) =>
        char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;

    private void Reserve(int more)
    {
        if (Length + more <= chars.Length)
            return;
        var size = Math.Max(2 * chars.Length, Length + more);
        Array.Resize(ref chars, size);
        Array.Resize(ref origins, size);
    }
}
