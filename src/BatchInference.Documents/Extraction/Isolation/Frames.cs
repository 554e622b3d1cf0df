using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace BatchInference.Documents.Extraction.Isolation;

/// <summary>What a frame between the two processes says.</summary>
internal enum FrameKind : byte
{
    /// <summary>To the reading process, first: <see cref="HostSettings"/>.</summary>
    Settings = 1,

    /// <summary>To it: a document begins; <see cref="DocumentHead"/>.</summary>
    Document,

    /// <summary>To it: some of the document's bytes.</summary>
    Content,

    /// <summary>To it: that were all bytes; it is to be read.</summary>
    ContentEnd,

    /// <summary>To it: there are no more bytes, and what was sent is to be forgotten.</summary>
    Forget,

    /// <summary>From it: one <see cref="DocumentReading"/>.</summary>
    Reading,

    /// <summary>From it: the number of the step that begins (<see cref="ReadingSteps"/>).</summary>
    Step,

    /// <summary>From it: the document in hand has so much more time; seconds.</summary>
    MoreTime,

    /// <summary>From it: that were all readings of the document.</summary>
    End,
}

/// <summary>What the reading process hears of a document before its bytes.</summary>
/// <param name="Path">Its name.</param>
/// <param name="Length">Its length, where the listing tells it.</param>
/// <param name="Given">Steps before this one were read whole by a process that is gone.</param>
/// <param name="PassedOver">Steps that it does not take.</param>
internal sealed record DocumentHead(string Path, long? Length, int Given, IReadOnlyDictionary<int, PassedOver> PassedOver);

/// <summary>A stream of frames: kind (one byte), length (four bytes, little-endian), payload.</summary>
internal static class Frames
{
    /// <summary>Payload of a content frame: one pipe's worth.</summary>
    public const int ContentBytes = 64 * 1024;

    private const int Head = 5;

    public static async ValueTask WriteAsync(Stream stream, FrameKind kind, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var frame = new byte[Head + payload.Length];
        frame[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(1), payload.Length);
        payload.Span.CopyTo(frame.AsSpan(Head));
        await stream.WriteAsync(frame, cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }

    public static ValueTask WriteAsync<T>(Stream stream, FrameKind kind, T payload, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        WriteAsync(stream, kind, JsonSerializer.SerializeToUtf8Bytes(payload, type), cancellationToken);

    /// <summary>The next frame; null at the end of the stream.</summary>
    /// <exception cref="InvalidDataException">It is longer than <paramref name="most"/>.</exception>
    /// <exception cref="EndOfStreamException">It is cut off: who wrote it is gone.</exception>
    public static async ValueTask<(FrameKind Kind, byte[] Payload)?> ReadAsync(Stream stream, long most, CancellationToken cancellationToken)
    {
        var head = new byte[Head];
        var read = await stream.ReadAtLeastAsync(head, Head, throwOnEndOfStream: false, cancellationToken);
        if (read == 0) return null;
        var length = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(1));
        if (read < Head) throw new EndOfStreamException("A frame of a reading process is cut off.");
        if (length < 0 || length > most) throw new InvalidDataException("A frame of a reading process has an impossible length.");
        var payload = new byte[length];
        if (await stream.ReadAtLeastAsync(payload, length, throwOnEndOfStream: false, cancellationToken) < length) throw new EndOfStreamException("A frame of a reading process is cut off.");
        return ((FrameKind)head[0], payload);
    }
}

/// <summary>The payloads as JSON, in code made at build time: a process that starts reads its first document sooner.</summary>
[JsonSerializable(typeof(HostSettings))]
[JsonSerializable(typeof(DocumentHead))]
[JsonSerializable(typeof(DocumentReading))]
internal sealed partial class FrameJson : JsonSerializerContext
{
    /// <summary>Both processes' own: texts as they are. What must not be null is not.</summary>
    public static FrameJson Plain { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, RespectNullableAnnotations = true });
}
