namespace BatchInference.Models.Tokens.Subwords;

/// <summary>The visible letters that stand for the 256 bytes in byte-level vocabularies (Radford 2019, GPT-2): printable Latin letters for themselves, the others from U+0100 on.</summary>
internal static class ByteLetters
{
    private static readonly char[] Letters = Make();
    private static readonly short[] Bytes = Invert();

    public static char LetterOf(byte value) => Letters[value];

    /// <summary>The byte that a letter stands for, or -1.</summary>
    public static int ByteOf(char letter) => letter < Bytes.Length ? Bytes[letter] : -1;

    private static char[] Make()
    {
        var letters = new char[256];
        var next = '\u0100';
        for (var value = 0; value < letters.Length; value++)
            letters[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)value : next++;
        return letters;
    }

    private static short[] Invert()
    {
        var bytes = new short[0x0144];
        bytes.AsSpan().Fill(-1);
        for (var value = 0; value < Letters.Length; value++)
            bytes[Letters[value]] = (short)value;
        return bytes;
    }
}
