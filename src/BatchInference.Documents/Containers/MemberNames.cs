using System.Text;

namespace BatchInference.Documents.Containers;

/// <summary>The names of the members of one container as documents: relative, with <c>/</c>, without control characters, each once.</summary>
internal sealed class MemberNames
{
    /// <summary>The name under which stands what is wrong with all that was not read behind a document that has a text of its own.</summary>
    public const string OfTheRest = $"!/{Rest}";

    private const string Rest = "*";
    private const int LongestName = 1000;

    // Of all names from the listed document's on, in UTF-8, however deep containers stand in each other; less where that document's own name leaves less of a key.
    internal const int LongestPath = 1200;

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

    /// <summary>What follows the listed document's name, cut where both together are too long for a key.</summary>
    public static string Shortened(string path, ReadOnlySpan<char> listed) => BoundedNames.Cut(path, Math.Min(LongestPath, BoundedNames.LeftFor(listed)));

    // What parts a container's name from its member's ("!/", "#12") may stand in no name, else two documents of one archive could have one name: then the books could not tell them apart.
    private static string Safe(string name, out bool leadsOutside)
    {
        var safe = new StringBuilder(Math.Min(name.Length, LongestName));
        leadsOutside = false;
        foreach (var step in name.Replace('\\', '/').Split('/'))
        {
            if (step.Length == 0 || step == "." || IsDrive(step)) continue;
            leadsOutside |= step == "..";
            if (safe.Length > 0 && safe.Length < LongestName)
            {
                if (safe[^1] == '!') safe[^1] = '_';
                safe.Append('/');
            }

            Append(step == ".." ? "__" : step);
        }

        if (safe.ToString().AsSpan().TrimEnd("0123456789") is [.., '#'] beforeNumber && beforeNumber.Length < safe.Length) safe[beforeNumber.Length - 1] = '_';
        return safe.Length == 0 ? "unnamed" : safe.ToString() is var given && given == Rest ? "_" : given;

        bool IsDrive(string step) => safe.Length == 0 && step.Length == 2 && step[1] == ':' && char.IsAsciiLetter(step[0]);

        void Append(string step)
        {
            for (var index = 0; index < step.Length && safe.Length < LongestName; index++)
            {
                if (!char.IsSurrogate(step[index])) safe.Append(char.IsControl(step[index]) ? '_' : step[index]);
                else if (index + 1 == step.Length || !char.IsSurrogatePair(step[index], step[index + 1])) safe.Append('_');
                else if (safe.Length + 2 <= LongestName) safe.Append(step, index++, 2);
                else break;
            }
        }
    }
}
