namespace BatchInference.Documents.Tests.Extraction.Isolation;

/// <summary>Spoils documents: bits, lengths, ends, pieces of others.</summary>
internal static class Mutation
{
    private static readonly uint[] Lengths = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF];

    /// <param name="whole">The document.</param>
    /// <param name="other">Another, for pieces.</param>
    /// <param name="random">The mutant's own chance.</param>
    public static byte[] Of(byte[] whole, byte[] other, Random random)
    {
        var mutant = whole.ToArray();
        for (var rounds = random.Next(1, 4); rounds > 0 && mutant.Length > 8; rounds--)
            mutant = Once(mutant, other, random);
        return mutant;
    }

    private static byte[] Once(byte[] mutant, byte[] other, Random random)
    {
        var at = random.Next(mutant.Length);
        switch (random.Next(8))
        {
            case 0:
                return mutant[..random.Next(1, mutant.Length)];
            case 1:
                for (var left = random.Next(1, 60); left > 0; left--) mutant[random.Next(mutant.Length)] ^= (byte)(1 << random.Next(8));
                return mutant;
            case 2:
                for (var left = random.Next(1, 40); left > 0; left--) mutant[random.Next(mutant.Length)] = (byte)random.Next(256);
                return mutant;
            case 3:
                // A field that tells a length, in either order of bytes.
                BitConverter.TryWriteBytes(mutant.AsSpan(Math.Min(at, mutant.Length - 4)), random.Next(2) == 0 ? Lengths[random.Next(Lengths.Length)] : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Lengths[random.Next(Lengths.Length)]));
                return mutant;
            case 4:
                return OfDigits(mutant, at, random);
            case 5:
                var from = random.Next(mutant.Length);
                return [.. mutant[..at], .. mutant.AsSpan(from, Math.Min(random.Next(1, 4000), mutant.Length - from)), .. mutant[at..]];
            case 6:
                var start = random.Next(other.Length);
                return [.. mutant[..at], .. other.AsSpan(start, Math.Min(random.Next(1, 4000), other.Length - start)), .. mutant[at..]];
            default:
                return [.. mutant[..at], .. mutant[Math.Min(mutant.Length, at + random.Next(1, 2000))..]];
        }
    }

    // Offsets and numbers of text formats: PDF, RTF, XML.
    private static byte[] OfDigits(byte[] mutant, int at, Random random)
    {
        for (var index = at; index < mutant.Length; index++)
        {
            if (!char.IsAsciiDigit((char)mutant[index])) continue;
            for (; index < mutant.Length && char.IsAsciiDigit((char)mutant[index]); index++) mutant[index] = (byte)('0' + random.Next(10));
            break;
        }

        return mutant;
    }
}
