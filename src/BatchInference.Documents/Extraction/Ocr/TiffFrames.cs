using System.Buffers.Binary;

namespace BatchInference.Documents.Extraction.Ocr;

/// <summary>Counts the images of a TIFF file by the chain of its directories (TIFF 6.0, section 2; BigTIFF is not read).</summary>
internal static class TiffFrames
{
    /// <summary>How many; at most <paramref name="most"/> + 1, since a chain may be a ring.</summary>
    /// <exception cref="DocumentException">The chain leads nowhere.</exception>
    public static int Count(Stream content, int most)
    {
        Span<byte> head = stackalloc byte[8];
        Span<byte> field = stackalloc byte[4];
        content.Position = 0;
        Read(content, head);
        var little = head[0] == 'I';
        var (next, frames) = ((long)Number(head[4..], little), 0);
        while (next != 0 && frames <= most)
        {
            content.Position = next;
            Read(content, field[..2]);
            content.Position = next + 2 + (12L * (little ? BinaryPrimitives.ReadUInt16LittleEndian(field) : BinaryPrimitives.ReadUInt16BigEndian(field)));
            frames++;
            // A last directory that is cut off is still shown.
            if (content.ReadAtLeast(field, 4, throwOnEndOfStream: false) < 4) break;
            next = Number(field, little);
        }

        return frames;
    }

    private static uint Number(ReadOnlySpan<byte> field, bool little) => little ? BinaryPrimitives.ReadUInt32LittleEndian(field) : BinaryPrimitives.ReadUInt32BigEndian(field);

    private static void Read(Stream content, Span<byte> target)
    {
        if (content.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length)
            throw new DocumentException("The TIFF image is damaged: it ends before its directory.", permanent: true);
    }
}
