using System.Text;

namespace BatchInference.Documents.Extraction;

/// <summary>
/// Tells texts of DOS (code page 850) and of old Macs (Mac Roman) from those of Windows-1252 by what stands inside of words: what is "é" in one of them is "‚" or "Ž" in another.
/// Windows-1252 stays where it is not clearly wrong and another one clearly right.
/// </summary>
internal static class OldEncodings
{
    // Bytes beyond ASCII inside of words that Windows-1252 makes nonsense of.
    private const int LeastNonsense = 3;

    private const string Small = "àáâãäåæçèéêëìíîïñòóôõöøœßùúûüýÿ";
    private const string Capital = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜÝŸ";

    private enum Side
    {
        None,
        Small,
        Capital,
        Beyond,
    }

    /// <summary>The encoding; null when it is none of these, or not for certain.</summary>
    public static Encoding? Of(ReadOnlySpan<byte> bytes)
    {
        // By byte and by what stands beside it, so that a text of any length is gone through once.
        Span<int> counts = stackalloc int[128 * 16];
        counts.Clear();
        var (letters, beyond) = (0L, 0L);
        for (var index = 0; index < bytes.Length; index++)
        {
            if (bytes[index] < 0x80)
            {
                if (char.IsAsciiLetter((char)bytes[index])) letters++;
                continue;
            }

            beyond++;
            var (before, after) = (index == 0 ? Side.None : SideOf(bytes[index - 1]), index + 1 == bytes.Length ? Side.None : SideOf(bytes[index + 1]));
            counts[((bytes[index] - 0x80) * 16) + ((int)before * 4) + (int)after]++;
        }

        // More are letters of another script.
        if (beyond < LeastNonsense || beyond * 4 > letters) return null;
        var windows = Judge(counts, TextEncodings.Ansi);
        if (windows.Nonsense < LeastNonsense || windows.Nonsense * 3 < windows.Inside) return null;
        var (dos, mac) = (Judge(counts, TextEncodings.Console), Judge(counts, Encoding.GetEncoding(10000)));
        var (best, encoding) = dos.Nonsense <= mac.Nonsense ? (dos, TextEncodings.Console) : (mac, Encoding.GetEncoding(10000));
        return best.Nonsense * 20 <= best.Inside ? encoding : null;
    }

    private static Side SideOf(byte value) => value switch
    {
        >= 0x80 => Side.Beyond,
        >= (byte)'a' and <= (byte)'z' => Side.Small,
        >= (byte)'A' and <= (byte)'Z' => Side.Capital,
        _ => Side.None,
    };

    private static (int Inside, int Nonsense) Judge(ReadOnlySpan<int> counts, Encoding encoding)
    {
        Span<byte> one = stackalloc byte[1];
        Span<char> sign = stackalloc char[1];
        var (inside, nonsense) = (0, 0);
        for (var value = 0; value < 128; value++)
        {
            one[0] = (byte)(0x80 + value);
            encoding.GetChars(one, sign);
            for (var sides = 1; sides < 16; sides++)
            {
                var count = counts[(value * 16) + sides];
                // Dashes and apostrophes join words in any encoding, and are other letters in each: they say nothing.
                if (count == 0 || sign[0] is '’' or '\u00A0' or '–' or '—' or '·' or '\u00AD') continue;
                inside += count;
                if (IsNonsense(sign[0], (Side)(sides / 4), (Side)(sides % 4))) nonsense += count;
            }
        }

        return (inside, nonsense);
    }

    private static bool IsNonsense(char sign, Side before, Side after)
    {
        if (Small.Contains(sign, StringComparison.Ordinal)) return before == Side.Capital && after == Side.Capital;
        if (Capital.Contains(sign, StringComparison.Ordinal)) return before == Side.Small;
        if (char.IsControl(sign)) return true;
        if (char.IsLetter(sign) && sign is not ('ƒ' or 'ˆ' or 'ª' or 'º' or 'ı' or 'π' or 'Ω')) return char.IsUpper(sign) ? before == Side.Small : before == Side.Capital && after == Side.Capital;
        // Signs of writing stand beside words; what opens never behind one, and none of these inside of one.
        if (before != Side.None && after != Side.None) return true;
        return before != Side.None && sign is ('‚' or '„' or 'ˆ' or '¡' or '¿' or '‹' or 'ƒ' or '‡');
    }
}
