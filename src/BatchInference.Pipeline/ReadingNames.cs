using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BatchInference.Documents.Extraction;

namespace BatchInference.Pipeline;

/// <summary>Sees to it that no two readings of one listed document have the same name, whoever read them: two rows of one name are one too many for the books.</summary>
internal sealed class ReadingNames
{
    // Hashes, since names are long and there may be a hundred thousand. Records come one behind the other and by number, so that a file of a million of them is one entry.
    private readonly HashSet<UInt128> given = [];
    private UInt128 recordsOf;
    private long record;
    private int doubles;

    /// <summary>The reading, under another name when its own was given before.</summary>
    public DocumentReading Once(DocumentReading reading)
    {
        if (IsNew(reading.Member)) return reading;
        // The listed document's own name takes no number: that could be another's.
        var name = reading.Member ?? "!/*";
        var other = name;
        while (!IsNew(other)) other = string.Create(CultureInfo.InvariantCulture, $"{name} ({++doubles + 1})");
        return reading with { Member = other };
    }

    private bool IsNew(string? name)
    {
        if (name is null) return given.Add(default);
        var number = name.AsSpan(name.AsSpan().TrimEnd("0123456789").Length);
        if (number.IsEmpty || name[^(number.Length + 1)] != '#' || !long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var next)) return given.Add(Hash(name));
        var container = Hash(name[..^number.Length]);
        if (container != recordsOf && !given.Add(container)) return false;
        if (container == recordsOf && next <= record) return false;
        (recordsOf, record) = (container, next);
        return true;
    }

    private static UInt128 Hash(string name) => BitConverter.ToUInt128(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
}
