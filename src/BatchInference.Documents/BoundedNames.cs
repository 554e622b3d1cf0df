using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace BatchInference.Documents;

/// <summary>
/// The documents of a place, under names that fit into a key of every ledger. One whose name is longer stands in the list under its beginning, a hash of the whole and its ending, and cannot be opened:
/// it fails for good, with its reason, and the others go on.
/// </summary>
/// <param name="place">The place.</param>
public sealed partial class BoundedNames(DocumentSource place) : DocumentSource
{
    // In UTF-8. A key of PostgreSQL has at most 2,704 bytes, some of them its own; the rest is for the name of a document inside this one.
    private const int Longest = 2400, LongestKey = 2650;

    // A character that is cut through at the end may leave so many bytes unused.
    private const int Unused = 3;

    /// <inheritdoc/>
    public override string Description => place.Description;

    /// <inheritdoc/>
    public override async IAsyncEnumerable<Document> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var document in place.ListAsync(cancellationToken))
            yield return Encoding.UTF8.GetByteCount(document.Id.Path) <= Longest ? document : Refused(document.Id with { Path = Cut(document.Id.Path, Longest) }, document.Length);
    }

    /// <inheritdoc/>
    public override Document Listed(DocumentId id, long? length) =>
        Encoding.UTF8.GetByteCount(id.Path) >= Longest - Unused && Shortened().IsMatch(id.Path) ? Refused(id, length) : place.Listed(id, length);

    /// <summary>What is left of a key for the name of a document inside another one.</summary>
    /// <param name="listed">The listed document's name.</param>
    internal static int LeftFor(ReadOnlySpan<char> listed) => LongestKey - Encoding.UTF8.GetByteCount(listed);

    /// <summary>A name of at most so many bytes: itself, or its beginning, a hash of the whole, its ending.</summary>
    internal static string Cut(string name, int longest)
    {
        if (Encoding.UTF8.GetByteCount(name) <= longest)
            return name;
        var ending = name[Math.Max(name.LastIndexOf('/'), name.LastIndexOf('.'))..] is { Length: > 1 and <= 10 } last && last[0] == '.' ? last : "";
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..16];
        var start = new StringBuilder();
        var left = longest - Encoding.UTF8.GetByteCount(ending) - hash.Length - 1;
        foreach (var rune in name.EnumerateRunes())
        {
            if ((left -= rune.Utf8SequenceLength) < 0)
                break;
            start.Append(rune);
        }

        return $"{start}~{hash}{ending}";
    }

    private static Document Refused(DocumentId id, long? length) => new(id, length, _ => throw new DocumentException(
        $"The name of the document is longer than {Longest} bytes, the most that the ledger keeps; it is told here by its beginning, a hash and its ending. Give the document, or the folders that it is in, a shorter name.", permanent: true));

    [GeneratedRegex(@"~[0-9a-f]{16}(\.[^./]{1,9})?$")]
    private static partial Regex Shortened();
}
