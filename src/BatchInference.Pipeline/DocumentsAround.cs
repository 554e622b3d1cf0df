namespace BatchInference.Pipeline;

/// <summary>The documents that may hold one: <c>a.zip</c> and <c>a.zip!/b.eml</c> for <c>a.zip!/b.eml!/c.pdf</c>, <c>a.jsonl</c> for <c>a.jsonl#12</c>.</summary>
internal static class DocumentsAround
{
    private static readonly char[] Inside = ['!', '#'];

    public static IEnumerable<string> Of(string path)
    {
        for (var at = path.IndexOfAny(Inside); at >= 0; at = path.IndexOfAny(Inside, at + 1))
            if (path[at] == '#' || path.AsSpan(at).StartsWith("!/"))
                yield return path[..at];
    }
}
