using System.Buffers;
using System.Text;
using UtfUnknown;

namespace BatchInference.Documents.Extraction;

/// <summary>Finds out how bytes encode a text: a mark, else UTF-8 where valid or nearly so, else UTF-16 by its zero bytes, else a one-byte encoding by its letters.</summary>
internal static class TextEncodings
{
    // Letters beyond ASCII for each damaged place: in a one-byte encoding hardly any two bytes look like one in UTF-8.
    private const int FewDamages = 10;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    static TextEncodings() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>What consoles of Western Europe wrote file names in.</summary>
    public static Encoding Console => Encoding.GetEncoding(850);

    /// <summary>What programs of Windows write in Western Europe when they do not say what.</summary>
    public static Encoding Ansi => Encoding.GetEncoding(1252);

    /// <summary>The encoding of a number that Windows knows it by; null when there is none.</summary>
    public static Encoding? OfCodePage(int page)
    {
        try
        {
            return page <= 0 ? null : Encoding.GetEncoding(page);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>The whole text, without its mark.</summary>
    public static string Decode(Stream content)
    {
        using var buffer = new MemoryStream();
        content.CopyTo(buffer);
        return Decode(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }

    /// <summary>The whole text, without its mark.</summary>
    /// <param name="bytes">The text.</param>
    /// <param name="saysUtf8">True when the text says of itself that it is UTF-8; some do that are not.</param>
    public static string Decode(ReadOnlySpan<byte> bytes, bool saysUtf8 = false)
    {
        var (encoding, mark) = Marked(bytes);
        if (encoding is not null) return encoding.GetString(bytes[mark..]);
        if (Utf16(bytes) is { } utf16) return utf16.GetString(bytes);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return IsDamagedUtf8(bytes, saysUtf8 ? 1 : FewDamages) ? Encoding.UTF8.GetString(bytes) : OneByte(bytes).GetString(bytes);
        }
    }

    /// <summary>The encoding of a text whose units are wider than a byte (UTF-16, UTF-32), by its first bytes; null for any other.</summary>
    public static Encoding? OfWideUnits(ReadOnlySpan<byte> head) => Marked(head) is { Encoding: { } marked } ? (marked is UTF8Encoding ? null : marked) : Utf16(head);

    /// <summary>What the first bytes say; a character that they cut in two is dropped.</summary>
    public static string DecodeHead(ReadOnlySpan<byte> head)
    {
        var end = head.Length;
        while (end > 0 && end > head.Length - 3 && (head[end - 1] & 0xC0) == 0x80) end--;
        if (end > 0 && head[end - 1] >= 0xC0) end--;
        return Decode(end > 0 && head.Length > 4 ? head[..end] : head);
    }

    /// <summary>True when bytes can be a text in one of the encodings that are known.</summary>
    public static bool LooksLikeText(ReadOnlySpan<byte> head)
    {
        if (Marked(head).Encoding is not null || Utf16(head) is not null) return true;
        var (controls, zeros) = (0, 0);
        foreach (var value in head)
        {
            if (value == 0) zeros++;
            else if (value < 32 && value is not ((byte)'\t' or (byte)'\n' or (byte)'\r' or 12 or 27)) controls++;
        }

        // Programs of databases and old machines leave a zero here and there; in what is no text every tenth or twentieth byte is one.
        return zeros <= head.Length / 200 && controls <= head.Length / 100;
    }

    private static (Encoding? Encoding, int Length) Marked(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xEF, 0xBB, 0xBF, ..] => (new UTF8Encoding(false), 3),
        [0xFF, 0xFE, 0, 0, ..] => (new UTF32Encoding(false, false), 4),
        [0, 0, 0xFE, 0xFF, ..] => (new UTF32Encoding(true, false), 4),
        [0xFF, 0xFE, ..] => (Encoding.Unicode, 2),
        [0xFE, 0xFF, ..] => (Encoding.BigEndianUnicode, 2),
        _ => (null, 0),
    };

    // Western text in UTF-16 has a zero in every second byte, on one side only.
    private static UnicodeEncoding? Utf16(ReadOnlySpan<byte> bytes)
    {
        var sample = bytes[..(Math.Min(bytes.Length, 4096) & ~1)];
        if (sample.Length < 4) return null;
        var (even, odd) = (0, 0);
        for (var index = 0; index < sample.Length; index += 2)
        {
            if (sample[index] == 0) even++;
            if (sample[index + 1] == 0) odd++;
        }

        var half = sample.Length / 2;
        if (odd > half * 7 / 10 && even < half / 20) return new UnicodeEncoding(bigEndian: false, byteOrderMark: false);
        return even > half * 7 / 10 && odd < half / 20 ? new UnicodeEncoding(bigEndian: true, byteOrderMark: false) : null;
    }

    // A text that was cut or put together by bytes is UTF-8 all the same: one damaged place must not make "Ã©" of every "é".
    private static bool IsDamagedUtf8(ReadOnlySpan<byte> bytes, int soundForEach)
    {
        var (sound, damaged) = (0L, 0L);
        for (int next; (next = bytes.IndexOfAnyInRange((byte)0x80, (byte)0xFF)) >= 0;)
        {
            bytes = bytes[next..];
            var status = Rune.DecodeFromUtf8(bytes, out _, out var length);
            if (status == OperationStatus.Done) sound++;
            // The last sign of a text that ends too early speaks for nothing.
            else if (status == OperationStatus.InvalidData) damaged++;
            bytes = bytes[length..];
        }

        return sound > 0 && sound >= damaged * soundForEach;
    }

    private static Encoding OneByte(ReadOnlySpan<byte> bytes)
    {
        if (OldEncodings.Of(bytes) is { } old) return old;
        var western = true;
        var latin9 = 0;
        var windows = false;
        var high = 0;
        foreach (var value in bytes)
        {
            if (value < 0x80) continue;
            high++;
            if (value < 0xA0) windows = true;
            // In ISO-8859-15 these are € Š š Ž ž Œ œ Ÿ; in Windows-1252 they are ¤ ¦ ¨ ´ ¸ ¼ ½ ¾, which text hardly has.
            if (value is 0xA4 or 0xA6 or 0xA8 or 0xB4 or 0xB8 or 0xBC or 0xBD or 0xBE) latin9++;
        }

        if (high > 8 && CharsetDetector.DetectFromBytes(bytes[..Math.Min(bytes.Length, 64 * 1024)].ToArray()).Detected is { Confidence: > 0.7f, Encoding: { } detected }
            && detected.CodePage is not (1252 or 28591 or 28605 or 20127 or 65001))
            western = detected.CodePage is 1250 or 28592 or 1254 or 28599 or 28593 or 1257;
        else
            detected = null!;
        if (!western) return detected;
        return latin9 > 0 && !windows ? Encoding.GetEncoding(28605) : Encoding.GetEncoding(1252);
    }
}
