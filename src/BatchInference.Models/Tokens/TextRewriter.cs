using System.Text;

namespace BatchInference.Models.Tokens;

/// <summary>
/// Writes a text anew, code point by code point, with the reference implementation's rule for origins: a code point that replaces takes the origin of the next old one;
/// one that is put in takes that of the old one before; removed ones are passed over.
/// </summary>
internal ref struct TextRewriter(TextWork work)
{
    private readonly AlignedText text = work.Text;
    private readonly AlignedText next = work.Next;
    private int source;
    private bool inserted;

    /// <summary>How much of the old text has been passed.</summary>
    public readonly int Place => source;

    /// <summary>Keeps everything up to a place of the old text.</summary>
    public void KeepUntil(int place)
    {
        if (place <= source)
            return;
        next.Append(text, source, place - source);
        (source, inserted) = (place, false);
    }

    /// <summary>Puts a code point in.</summary>
    /// <param name="rune">The code point.</param>
    /// <param name="change">1 where it stands for no old one; 0 where it takes the place of the next; below 0 where it takes that of as many more.</param>
    public void Put(int rune, int change)
    {
        if (change > 0)
            Insert(rune);
        else
            Replace(rune, -change);
    }

    /// <summary>Puts a code point in the place of the next old one, and removes as many behind it.</summary>
    public void Replace(int rune, int removed = 0)
    {
        Write(rune, source < text.Length ? text.Origins[source] : text.Origins[^1]);
        Remove(1 + removed);
        inserted = false;
    }

    /// <summary>Puts a code point in.</summary>
    public void Insert(int rune)
    {
        Write(rune, source == 0 ? default : text.Origins[source - 1]);
        inserted = true;
    }

    /// <summary>Passes over code points of the old text.</summary>
    public void Remove(int runes)
    {
        for (; runes > 0 && source < text.Length; runes--)
            source += AlignedText.SizeAt(text.Chars, source);
    }

    /// <summary>Passes over code points as if the one written last took their place: one that was put in takes the origin of the first of them.</summary>
    public void RemoveByLast(int runes)
    {
        if (runes <= 0)
            return;
        if (inserted && source < text.Length)
            next.MoveLast(text.Origins[source]);
        inserted = false;
        Remove(runes);
    }

    private readonly void Write(int rune, TextRange origin)
    {
        if (rune < 0x10000)
        {
            next.Append((char)rune, origin);
            return;
        }

        Span<char> units = stackalloc char[2];
        new Rune(rune).EncodeToUtf16(units);
        next.Append(units, origin);
    }
}
