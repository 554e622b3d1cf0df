using System.Text;
using System.Text.RegularExpressions;

namespace BatchInference.Documents;

/// <summary>Which names of a source are documents of a job: those that an include pattern matches (all, without any) and no exclude pattern does.</summary>
/// <remarks>
/// <c>*</c> and <c>?</c> stay within a folder, <c>**/</c> crosses folders; a pattern without <c>/</c> is matched against the last part of the name, one that ends with it stands for all
/// below that folder. Case does not count. All other signs mean themselves.
/// </remarks>
public sealed class NameFilter
{
    private readonly Regex[] include;
    private readonly Regex[] exclude;

    /// <param name="include">Patterns such as <c>**/*.pdf</c>; none for all.</param>
    /// <param name="exclude">Patterns of what is left out.</param>
    public NameFilter(IReadOnlyList<string> include, IReadOnlyList<string> exclude)
    {
        this.include = [.. include.Select(Translate)];
        this.exclude = [.. exclude.Select(Translate)];
    }

    /// <summary>Lets every name through.</summary>
    public static NameFilter All { get; } = new([], []);

    /// <summary>True when the name is a document of the job.</summary>
    public bool Matches(string path) => (include.Length == 0 || include.Any(pattern => pattern.IsMatch(path))) && !exclude.Any(pattern => pattern.IsMatch(path));

    private static Regex Translate(string pattern)
    {
        // As people write what counts from the source's root.
        if (pattern.StartsWith("./", StringComparison.Ordinal))
            pattern = pattern[1..];
        var fromRoot = pattern.StartsWith('/');
        pattern = pattern.TrimStart('/');
        if (pattern.EndsWith('/'))
            pattern += "**";
        var expression = new StringBuilder(fromRoot || pattern.Contains('/', StringComparison.Ordinal) ? @"\A" : @"\A(?:.*/)?");
        for (var index = 0; index < pattern.Length; index++)
        {
            if (pattern.AsSpan(index).StartsWith("**/"))
            {
                expression.Append("(?:.*/)?");
                index += 2;
            }
            else if (pattern.AsSpan(index).StartsWith("**"))
            {
                expression.Append(".*");
                index++;
            }
            else
            {
                expression.Append(pattern[index] switch { '*' => "[^/]*", '?' => "[^/]", var other => Regex.Escape(other.ToString()) });
            }
        }

        // Without backtracking: no pattern makes a long name slow.
        return new Regex(expression.Append(@"\z").ToString(), RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline);
    }
}
