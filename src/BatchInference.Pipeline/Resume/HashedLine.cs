using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace BatchInference.Pipeline.Resume;

/// <summary>A line that tells whether it is whole, for files that are not flushed to the disk: 16 hexadecimal digits of the SHA-256 of the JSON, a blank, the JSON.</summary>
internal static class HashedLine
{
    private const int Digits = 16;

    /// <summary>Writes a line with its end.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="json">One JSON value without a line break.</param>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        output.Write(Encoding.ASCII.GetBytes(HashOf(json)));
        output.Write(" "u8);
        output.Write(json);
        output.Write("\n"u8);
    }

    /// <summary>Finds the JSON of the line that a content begins with; false when the line is torn or was altered.</summary>
    /// <param name="content">The file from the line's beginning.</param>
    /// <param name="json">The JSON.</param>
    /// <param name="length">Of the whole line, its end included.</param>
    public static bool TryRead(ReadOnlySpan<byte> content, out ReadOnlySpan<byte> json, out int length)
    {
        json = default;
        length = content.IndexOf((byte)'\n') + 1;
        if (length < Digits + 2 || content[Digits] != ' ')
            return false;
        json = content[(Digits + 1)..(length - 1)];
        return content[..Digits].SequenceEqual(Encoding.ASCII.GetBytes(HashOf(json)));
    }

    private static string HashOf(ReadOnlySpan<byte> json)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(json, hash);
        return Convert.ToHexStringLower(hash[..(Digits / 2)]);
    }
}
