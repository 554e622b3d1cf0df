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

    /// <summary>What the source lists where it still has a document: it, one that may hold it, or a folder around it that it may not look into.</summary>
    public static IEnumerable<string> WhatTells(string path)
    {
        foreach (var name in Of(path).Prepend(path))
            yield return name;
        for (var at = path.IndexOf('/', StringComparison.Ordinal); at > 0; at = path.IndexOf('/', at + 1))
            yield return path[..at];
    }
}
