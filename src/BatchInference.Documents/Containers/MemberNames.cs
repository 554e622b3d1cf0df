using System.Security.Cryptography;
using System.Text;

namespace BatchInference.Documents.Containers;

/// <summary>The names of the members of one container as documents: relative, with <c>/</c>, without control characters, each once.</summary>
internal sealed class MemberNames
{
    private const int LongestName = 1000;

    // Of all names from the listed document's on, in UTF-8: with that document's own name it must fit into a key of the ledger (2,704 bytes in PostgreSQL), however deep containers stand in each other.
    private const int LongestPath = 1200;

    private readonly HashSet<string> given = new(StringComparer.Ordinal);

    // The number that the next one of a name that was given already may have.
    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);

    /// <summary>What follows the container's name: <c>!/letters/1.txt</c>, <c>#12</c>.</summary>
    /// <param name="member">The member.</param>
    /// <param name="leadsOutside">True when the name climbs out of the container, as only an attack does.</param>
    public string Next(Member member, out bool leadsOutside)
    {
        var name = Safe(member.Name, out leadsOutside);
        var suffix = member.IsRecord ? $"#{name}" : $"!/{name}";
        if (given.Add(suffix)) return suffix;
        // A second one of that name, as after "tar -r": numbered before its ending, so that it stays what it is.
        var dot = suffix.LastIndexOf('.') is var at && at > suffix.LastIndexOf('/') + 1 ? at : suffix.Length;
        while (true)
        {
            var number = numbers[suffix] = numbers.GetValueOrDefault(suffix, 1) + 1;
            if ($"{suffix[..dot]} ({number}){suffix[dot..]}" is var numbered && given.Add(numbered))
                return numbered;
        }
    }

    /// <summary>What follows the listed document's name, where it is too long for a key: its beginning, a hash of the whole, its ending.</summary>
    public static string Shortened(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) <= LongestPath) return path;
        var ending = path[Math.Max(path.LastIndexOf('/'), path.LastIndexOf('.'))..] is { Length: > 1 and <= 10 } last && last[0] == '.' ? last : "";
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..16];
        var start = new StringBuilder();
        var left = LongestPath - Encoding.UTF8.GetByteCount(ending) - hash.Length - 1;
        foreach (var rune in path.EnumerateRunes())
        {
            if ((left -= rune.Utf8SequenceLength) < 0) break;
            start.Append(rune);
        }

        return $"{start}~{hash}{ending}";
    }

    private static string Safe(string name, out bool leadsOutside)
    {
        var safe = new StringBuilder(Math.Min(name.Length, LongestName));
        leadsOutside = false;
        foreach (var step in name.Replace('\\', '/').Split('/'))
        {
            if (step.Length == 0 || step == "." || IsDrive(step)) continue;
            if (safe.Length > 0) safe.Append('/');
            leadsOutside |= step == "..";
            foreach (var character in step == ".." ? "__" : step)
                if (safe.Length < LongestName) safe.Append(char.IsControl(character) || char.IsSurrogate(character) && !IsPaired(step) ? '_' : character);
        }

        return safe.Length == 0 ? "unnamed" : safe.ToString();

        bool IsDrive(string step) => safe.Length == 0 && step.Length == 2 && step[1] == ':' && char.IsAsciiLetter(step[0]);
    }

    private static bool IsPaired(string text)
    {
        for (var index = 0; index < text.Length; index++)
            if (char.IsSurrogate(text[index]) && !(char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[++index])))
                return false;
        return true;
    }
}
