using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace BatchInference.Documents.Extraction.Outlook;

/// <summary>
/// The properties of a message, a recipient or an attachment ([MS-OXMSG] 2.4): those of fixed length stand in one stream, each in 16 bytes behind a head; each other one in a stream of its own, named by number and type.
/// </summary>
internal sealed class OutlookProperties
{
    /// <summary>The stream of those of fixed length.</summary>
    public const string Stream = "__properties_version1.0";

    /// <summary>Bytes of the head of <see cref="Stream"/>: of the file's message, of one in it, of a recipient or attachment.</summary>
    public const int OfMessage = 32, OfInnerMessage = 24, OfPart = 8;

    private const int EntryLength = 16, Integer32 = 0x0003, Boolean = 0x000B, Time64 = 0x0040;
    private const ushort MessageCodePage = 0x3FFD, InternetCodePage = 0x3FDE;

    private readonly CompoundFile file;
    private readonly CompoundStorage storage;
    private readonly Dictionary<(ushort Id, int Type), long> values = [];

    /// <param name="file">The file.</param>
    /// <param name="storage">What has the properties.</param>
    /// <param name="head">One of the lengths above.</param>
    /// <param name="encoding">Of texts of one byte a character, where the message around it says so; null where this is the message.</param>
    /// <exception cref="DocumentException">It has none, or the file is damaged.</exception>
    public OutlookProperties(CompoundFile file, CompoundStorage storage, int head, Encoding? encoding)
    {
        (this.file, this.storage) = (file, storage);
        var bytes = Read(Stream) ?? throw new DocumentException($"The Outlook message is damaged: {(storage.Name.Length == 0 ? "it" : storage.Name)} has no properties.", permanent: true);
        for (var at = head; at + EntryLength <= bytes.Length; at += EntryLength)
            values.TryAdd((BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + 2)), BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at))), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at + 8)));
        Encoding = encoding ?? TextEncodings.OfCodePage(Number(MessageCodePage) ?? Number(InternetCodePage) ?? 0) ?? TextEncodings.Ansi;
    }

    /// <summary>Of texts of one byte a character.</summary>
    public Encoding Encoding { get; }

    /// <summary>A text, in UTF-16 or in <see cref="Encoding"/>; null when there is none.</summary>
    public string? Text(ushort id) =>
        (Read(Name(id, "001F")) is { } wide ? Encoding.Unicode.GetString(wide) : Read(Name(id, "001E")) is { } narrow ? Encoding.GetString(narrow) : null)?.TrimEnd('\0');

    /// <summary>Bytes; null when there are none.</summary>
    public byte[]? Bytes(ushort id) => Read(Name(id, "0102"));

    /// <summary>A number, or 1 for true; null when there is none.</summary>
    public int? Number(ushort id) => values.TryGetValue((id, Integer32), out var number) ? (int)number : values.TryGetValue((id, Boolean), out var truth) ? (int)(truth & 1) : null;

    /// <summary>A time, of which the zone is not known; null when there is none.</summary>
    public DateTimeOffset? Time(ushort id) =>
        values.TryGetValue((id, Time64), out var ticks) && ticks > 0 && ticks <= DateTimeOffset.MaxValue.ToFileTime() ? DateTimeOffset.FromFileTime(ticks).ToUniversalTime() : null;

    private static string Name(ushort id, string type) => string.Create(CultureInfo.InvariantCulture, $"__substg1.0_{id:X4}{type}");

    private byte[]? Read(string name)
    {
        if (storage.Stream(name) is not { } found) return null;
        // What says that it is longer than the file is damaged before memory is taken for it.
        using var stream = file.Open(found);
        var bytes = new byte[Math.Min(stream.Length, file.Length)];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
